/**
 * Those who use the service: they make runs, cancel, retry, delete, and report on runs of their own. Each call is one life; what it is
 * told is remembered as something that the service has promised.
 */
import type { StateInput, StateType } from "@millrace/domain/state.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import type { Limit } from "../../../durable-objects/concurrency-limit/rpc.ts";
import { derivedRunId } from "../../../workers/api/run-ids.ts";
import { Life } from "../platform/life.ts";
import { KEY_PEPPER, type Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import { type Api, type NewBirth, Unreachable } from "./api.ts";
import type { KnownRun, KnownRuns, Program } from "./known-runs.ts";

/** Milliseconds for which people try to get an answer. */
const BUDGET = 90_000;

export const FLOW = "11111111-1111-4111-8111-111111111111";
export const DEPLOYMENT = "22222222-2222-4222-8222-222222222222";

export interface PeopleSetting {
  platform: Platform;
  api: Api;
  runs: KnownRuns;
  pool: string;
}

interface HowToBegin {
  /** Whether agents of the pool run it, or a program of somebody's own. */
  pooled: boolean;
  /** Seconds until it is due. */
  later: number;
  /** Whether another agent may take it when its own is lost. */
  reclaim: boolean;
  /** How many ask for it at once. */
  calls: number;
  /** It needs a slot of the deployment's limit, where that has one. */
  limited: boolean;
}

export class People {
  readonly #setting: PeopleSetting;

  /** Of the deployment; null: it has none. */
  limit: Limit | null = null;
  /** Whether tasks of a tag have a limit. */
  tagged = false;

  constructor(setting: PeopleSetting) {
    this.#setting = setting;
  }

  /** Makes a run of any kind; answers what it is, for the trace. */
  create(dice: Random, number: number): string {
    const pooled = dice.chance(0.85);
    const program: Program = {
      seconds: dice.around(dice.pick([0.2, 2, 15])),
      failures: dice.chance(0.3) ? 1 + dice.below(2) : 0,
      retries: dice.chance(0.3) ? 1 + dice.below(2) : 0,
      tasks: dice.below(3),
      lines: dice.below(3),
      vanishes: dice.chance(0.08),
      tagged: this.tagged && number % 2 === 0,
    };
    const later = pooled && dice.chance(0.25) ? dice.around(20) : 0;
    const reclaim = dice.chance(0.4);
    // Two that ask for the same run are both told of it.
    const calls = dice.chance(0.2) ? 2 : 1;
    const limited = pooled && this.limit !== null && dice.chance(0.5);
    const run = this.begin(number, program, { pooled, later, reclaim, calls, limited });
    const how = [pooled ? "for the pool" : "of one's own", `${program.seconds.toFixed(1)} s`];
    if (later > 0) how.push(`due in ${later.toFixed(0)} s`);
    if (reclaim) how.push("reclaim");
    if (limited) how.push("limited");
    if (program.failures > 0) how.push(`fails ${program.failures}×, ${program.retries} retries`);
    if (program.tagged) how.push("tagged");
    if (program.vanishes) how.push("vanishes");
    return `create run ${run.number} (${how.join(", ")})`;
  }

  /** Makes a run, by a number that no other has. */
  begin(
    number: number,
    program: Program,
    { pooled = true, later = 0, reclaim = false, calls = 1, limited = false }: Partial<HowToBegin> = {},
  ): KnownRun {
    const { runs, api } = this.#setting;
    // With a key of its own, a run is one however often it is asked for, and its id is known before.
    const key = `run-${number}`;
    const run = runs.add(derivedRunId(KEY_PEPPER, api.owner.workspace, FLOW, key), number, pooled, program);
    run.reclaim = reclaim;
    const born = this.birthOf(run, later, reclaim);
    const limit = limited && this.limit ? { limit: this.limit, collision: "ENQUEUE" as const, graceSeconds: 60 } : null;
    const birth = { ...born, surroundings: { ...born.surroundings, limit }, idempotencyKey: key };
    for (let call = 0; call < calls; call++)
      this.#live(`creator of ${run.number}`, (life) => this.#create(life, run, birth));
    return run;
  }

  cancel(run: KnownRun): void {
    this.#propose(run, { type: "CANCELLING" });
  }

  force(run: KnownRun, type: StateType): void {
    this.#propose(run, { type }, true);
  }

  retry(run: KnownRun): void {
    this.#live(`retrier of ${run.number}`, async (life) => {
      await this.#setting.api.run(life, BUDGET, run.id, (object, owner) => object.retry(owner, run.id, null));
    });
  }

  edit(run: KnownRun, tag: string): void {
    this.#live(`editor of ${run.number}`, async (life) => {
      await this.#setting.api.run(life, BUDGET, run.id, (object, owner) =>
        object.edit(owner, run.id, { tags: [tag] }, null),
      );
    });
  }

  remove(run: KnownRun): void {
    run.removing = true;
    this.#live(`remover of ${run.number}`, async (life) => {
      await this.#setting.api.run(life, BUDGET, run.id, (object, owner) => object.remove(owner, run.id));
      // Done, or done before.
      run.removed = true;
    });
  }

  configurePool(settings: { paused: boolean; limit: number | null }): void {
    const { api } = this.#setting;
    this.#live("configurer", async (life) => {
      await api.pool(life, BUDGET, (pool, owner) => pool.configure(owner, { name: "pool", ...settings }));
    });
  }

  #live(name: string, work: (life: Life) => Promise<void>): void {
    const life = new Life(name);
    life
      .run(() => work(life))
      .catch((error) => {
        if (!(error instanceof Unreachable)) throw error;
      })
      .finally(() => life.end());
  }

  #propose(run: KnownRun, state: StateInput, force = false): void {
    this.#live(`proposer of ${state.type} for ${run.number}`, async (life) => {
      const verdict = await this.#setting.api.propose(life, BUDGET, run.id, state, { force });
      if (verdict.kind === "accepted") run.states.add(verdict.id);
    });
  }

  async #create(life: Life, run: KnownRun, birth: NewBirth): Promise<void> {
    const { api } = this.#setting;
    const created = await api.begin(life, BUDGET, birth);
    run.acknowledged = true;
    const { state } = created.run;
    if (state) run.states.add(state.id);
    if (!run.pooled && created.isNew) await this.#report(life, run);
  }

  /** A program that nobody but its user started. It reports without a claim. */
  async #report(life: Life, run: KnownRun): Promise<void> {
    const { api, platform } = this.#setting;
    const tell = async (type: StateType) => {
      const verdict = await api.propose(life, BUDGET, run.id, { type });
      if (verdict.kind === "accepted") run.states.add(verdict.id);
      return verdict.kind === "accepted";
    };
    if (!(await tell("RUNNING"))) return;
    await new Promise<void>((resolve) => platform.time.after(run.program.seconds * 1000, resolve));
    await tell(run.program.failures > 0 ? "FAILED" : "COMPLETED");
  }

  /** What is asked for to have a run. */
  birthOf(run: Pick<KnownRun, "pooled" | "program">, later: number, reclaim: boolean): NewBirth {
    const { pool, platform } = this.#setting;
    const due = fromMilliseconds(platform.time.wall + Math.round(later * 1000));
    return {
      flowId: FLOW,
      deploymentId: run.pooled ? DEPLOYMENT : null,
      state: run.pooled
        ? { type: "SCHEDULED", ...(later > 0 && { details: { scheduledTime: due } }) }
        : { type: "PENDING" },
      workPoolId: run.pooled ? pool : null,
      workPoolName: run.pooled ? "pool" : null,
      policy: { retries: run.program.retries, retryDelay: 1 },
      lossPolicy: reclaim ? "reclaim" : "crash",
      surroundings: { flow: { id: FLOW, name: "flow" }, parentFlowRunId: null, startedBy: null, code: null },
    };
  }
}
