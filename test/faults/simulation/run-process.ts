/**
 * The process of one claim: what an agent starts for a run. It asks for RUNNING, works, tells of its tasks and lines, and tells how
 * it ended, all under the token of its claim.
 *
 * RP1  User code begins only after RUNNING was accepted, and does not go on once the claim is known to be lost.
 */
import { formatInstant, fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { isProblem } from "../../../durable-objects/flow-run/rpc.ts";
import { Life } from "../platform/life.ts";
import type { Random } from "../platform/random.ts";
import { type Api, Unreachable } from "./api.ts";
import { TAG } from "./holders.ts";
import type { KnownRun } from "./known-runs.ts";

/** Milliseconds for which a process tries to tell something. */
const BUDGET = 300_000;
const BEGIN_BUDGET = 60_000;

/** How a process ended. `told`: the API knows how the run ended. */
export interface Ended {
  exitCode: number | null;
  signal: string | null;
  told: boolean;
}

export class RunProcess {
  readonly life: Life;
  readonly run: KnownRun;
  /** Of its claim; null: a worker took the run, which makes no claim. */
  readonly generation: number | null;
  /** User code is at work. */
  working = false;
  /** It was told that its task of the limited tag runs, and has not said that it ended. */
  inTaggedTask = false;
  readonly #api: Api;
  readonly #dice: Random;
  readonly #agent: string;
  readonly #clock: () => number;
  #end: ((ended: Ended) => void) | null = null;

  /** `clock`: that of its machine, which nobody is to rely on. */
  constructor(
    run: KnownRun,
    generation: number | null,
    { api, dice, agent, clock }: { api: Api; dice: Random; agent: string; clock: () => number },
  ) {
    this.run = run;
    this.generation = generation;
    this.#api = api;
    this.#dice = dice;
    this.#agent = agent;
    this.#clock = clock;
    this.life = new Life(`process of run ${run.number}, ${generation === null ? agent : `claim ${generation}`}`);
  }

  /** Resolves when the process has ended; never where its agent died with it. */
  start(): Promise<Ended> {
    return new Promise((resolve) => {
      this.#end = resolve;
      this.life
        .run(() => this.#main())
        .then(
          (ended) => this.#ended(ended),
          (error) => {
            if (!(error instanceof Unreachable)) throw error;
            this.#ended({ exitCode: 1, signal: null, told: false });
          },
        );
    });
  }

  kill(): void {
    this.#ended({ exitCode: null, signal: "SIGKILL", told: false });
  }

  /** The agent is gone, and nobody is told of anything. */
  vanish(): void {
    this.#end = null;
    this.#ended({ exitCode: null, signal: "SIGKILL", told: false });
  }

  #ended(ended: Ended): void {
    this.life.end();
    this.working = false;
    this.inTaggedTask = false;
    const end = this.#end;
    this.#end = null;
    end?.(ended);
  }

  async #main(): Promise<Ended> {
    const { program } = this.run;
    let verdict = await this.#propose({ type: "RUNNING" }, BEGIN_BUDGET);
    for (let attempt = 0; ; attempt++) {
      if (verdict.kind !== "accepted") return { exitCode: 0, signal: null, told: true };
      this.run.begun.push({ generation: this.generation, agent: this.#agent });
      this.working = true;
      if (!(await this.#work(attempt))) return { exitCode: 0, signal: null, told: true };
      this.working = false;
      if (program.vanishes) return { exitCode: 3, signal: null, told: false };
      const type = attempt < program.failures ? "FAILED" : "COMPLETED";
      verdict = await this.#propose({ type }, BUDGET);
      if (verdict.kind === "replaced" && verdict.type === "CANCELLING") {
        await this.#propose({ type: "CANCELLED" }, BUDGET);
        return { exitCode: 0, signal: null, told: true };
      }
      const again = verdict.kind === "replaced" && verdict.name === "AwaitingRetry";
      if (!again) return { exitCode: 0, signal: null, told: true };
      verdict = await this.#propose({ type: "RUNNING", name: "Retrying" }, BUDGET);
    }
  }

  /** User code, with what it tells of itself. False where its claim turned out to be another's. */
  async #work(attempt: number): Promise<boolean> {
    const { program } = this.run;
    if (program.tagged && !(await this.#runTagged(attempt))) return false;
    const steps = Math.max(program.tasks, program.lines, 1);
    for (let step = 0; step < steps; step++) {
      await this.#api.pause(this.life, (program.seconds * 1000) / steps);
      const key = `${this.run.number}/${this.generation ?? this.#agent}/${attempt}/${step}`;
      if (step < program.lines && !(await this.#writeLine(key))) return false;
      if (step < program.tasks && !(await this.#tellTask(step, attempt))) return false;
    }
    return true;
  }

  /** A task that needs a slot of its tag's limit. */
  async #runTagged(attempt: number): Promise<boolean> {
    const { program, id: run, number } = this.run;
    const key = `${this.generation ?? this.#agent}-${attempt}`;
    const birth = {
      taskKey: "tagged",
      dynamicKey: key,
      tags: [TAG],
      flowRunId: run,
      id: null,
      offeredName: `tagged-${number}-${key}`,
    };
    const made = await this.#api.run(this.life, BUDGET, run, (object, owner) =>
      object.createTaskRun(owner, run, birth, this.#reporter),
    );
    if (isProblem(made)) return false;
    const task = { run, task: made.taskRun.id, reporter: this.#reporter };
    const { kind } = await this.#api.proposeTask(this.life, BUDGET, task, "RUNNING");
    if (kind !== "accepted") return kind !== "lost";
    this.inTaggedTask = true;
    await this.#api.pause(this.life, program.seconds * 500);
    this.inTaggedTask = false;
    return (await this.#api.proposeTask(this.life, BUDGET, task, "COMPLETED")).kind !== "lost";
  }

  async #writeLine(text: string): Promise<boolean> {
    const timestamp = fromMilliseconds(this.#clock());
    const line = { name: "flow", level: 20, message: text, timestamp, flow_run_id: this.run.id, task_run_id: null };
    const stored = await this.#api.run(this.life, BUDGET, this.run.id, (run, owner) =>
      run.appendLogs(owner, [line], this.#reporter),
    );
    if (stored === true) this.run.lines.add(text);
    return !isProblem(stored);
  }

  async #tellTask(step: number, attempt: number): Promise<boolean> {
    const events = taskEvents(
      this.run.id,
      `${this.generation ?? this.#agent}-${attempt}-${step}`,
      this.#dice,
      this.#clock(),
    );
    const stored = await this.#api.run(this.life, BUDGET, this.run.id, (run, owner) =>
      run.recordEvents(owner, events, this.#reporter),
    );
    return !isProblem(stored);
  }

  get #reporter() {
    return this.generation === null ? null : { run: this.run.id, generation: this.generation };
  }

  #propose(state: { type: "RUNNING" | "FAILED" | "COMPLETED" | "CANCELLED"; name?: string }, budget: number) {
    const how = { reporter: this.#reporter, byWorker: this.generation === null };
    return this.#api.propose(this.life, budget, this.run.id, state, how).then((verdict) => {
      if (verdict.kind === "accepted") this.run.states.add(verdict.id);
      return verdict;
    });
  }
}

/** The events of a task that ran and completed, as the SDK tells them. */
function taskEvents(flowRun: string, key: string, dice: Random, wall: number): unknown[] {
  const taskRun = dice.uuid();
  return ["RUNNING", "COMPLETED"].map((type, step) => ({
    id: dice.uuid(),
    occurred: formatInstant((fromMilliseconds(wall) + step) as Instant),
    event: `prefect.task-run.${type}`,
    resource: {
      "prefect.resource.id": `prefect.task-run.${taskRun}`,
      "prefect.state-type": type,
      "prefect.orchestration": "client",
    },
    related: [{ "prefect.resource.id": `prefect.flow-run.${flowRun}`, "prefect.resource.role": "flow-run" }],
    payload: {
      validated_state: { type, name: type, message: "", state_details: {}, data: null },
      task_run: { name: `task-${key}`, task_key: "task", dynamic_key: key, tags: [], labels: {}, run_count: step },
    },
    follows: null,
  }));
}
