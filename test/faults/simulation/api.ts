/**
 * The API as its clients use it: requests that are tried again until a budget is spent, each of which the Worker turns into calls of
 * objects. What HTTP makes of the answers is tested elsewhere.
 */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { StateInput } from "@millrace/domain/state.ts";
import { flowRunAt, type Remote, workPoolAt } from "../../../durable-objects/addresses.ts";
import {
  type Answer,
  type Birth,
  type FlowRunRpc,
  isProblem,
  type Owner,
  type Reporter,
} from "../../../durable-objects/flow-run/rpc.ts";
import { pack, unpack } from "../../../durable-objects/kit/packed.ts";
import type { WorkPoolRpc } from "../../../durable-objects/work-pool/rpc.ts";
import type { Env } from "../../../workers/env.ts";
import type { Life } from "../platform/life.ts";
import { isExpected } from "../platform/object-host.ts";
import type { Platform } from "../platform/platform.ts";
import type { Dice } from "../platform/random.ts";
import type { Service } from "../platform/service.ts";
import { callOff } from "../platform/time.ts";

/** Milliseconds that one try may take; until the first repetition; at most between two. */
const TRY = 30_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 20_000;

/** The budget was spent, or the client's life ended. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** One try was not answered, or with the request to come again. */
class Unanswered extends Error {
  override name = "Unanswered";
}

/** A run as somebody asks for it. */
export type NewBirth = Omit<Birth, "id" | "offeredName">;

export type Verdict =
  | { kind: "accepted" | "replaced"; type: string; name: string; id: string; due: number }
  | { kind: "wait"; seconds: number }
  | { kind: "refused" | "lost" };

export class Api {
  readonly owner: Owner;
  /** Transitions that workers and their processes asked for, who make no claim, and are no people either. */
  readonly ofWorkers = new Set<string>();
  readonly #pool: string;
  readonly #platform: Platform;
  readonly #dice: Dice;

  constructor(platform: Platform, owner: Owner, pool: string, dice: Dice) {
    this.#platform = platform;
    this.owner = owner;
    this.#pool = pool;
    this.#dice = dice;
  }

  /** Begins a run, as the API's Worker does it. */
  async begin(life: Life, budget: number, birth: NewBirth): Promise<{ isNew: boolean; run: WireFlowRun }> {
    const tenant = { ...this.owner, account: "account" };
    const { status, result } = await this.#until(life, budget, () =>
      this.#platform.request(life, ({ beginRun }, env) => beginRun(env, tenant, birth)),
    );
    return { isNew: status === 201, run: JSON.parse(result.text) as WireFlowRun };
  }

  /** Has the Worker do something, as often as it takes to have its answer. */
  serve<T>(life: Life, budget: number, handle: (service: Service, env: Env) => Promise<T>): Promise<T> {
    return this.#until(life, budget, () => this.#platform.request(life, handle));
  }

  /** Asks until there is an answer. */
  ask<T>(life: Life, budget: number, request: (env: Env) => Promise<T>): Promise<T> {
    const env = this.#platform.env(life, { mayRepeat: true });
    return this.#until(life, budget, () => request(env));
  }

  async #until<T>(life: Life, budget: number, request: () => Promise<T>): Promise<T> {
    const { time } = this.#platform;
    const end = time.now + budget;
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#within(TRY, request());
        // What the API answers with 503 is asked again, as a call that failed is.
        if (!(isProblem(answer) && answer.code === "unavailable")) return answer;
        throw new Unanswered();
      } catch (error) {
        // What is no fault of the platform's is the service's, and not to be taken for one.
        if (!isPassing(error)) throw error;
        const pause = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE) * this.#dice.at(life.name).between(0.5, 1);
        if (time.now + pause > end) throw new Unreachable();
        await this.pause(life, pause);
      }
    }
  }

  /** A call of a run's object. */
  run<T>(
    life: Life,
    budget: number,
    id: string,
    call: (run: Remote<FlowRunRpc>, owner: Owner) => Promise<T>,
  ): Promise<T> {
    return this.ask(life, budget, (env) => call(flowRunAt(env, this.owner.workspace, id), this.owner));
  }

  /** A call of the pool's object. */
  pool<T>(life: Life, budget: number, call: (pool: Remote<WorkPoolRpc>, owner: Owner) => Promise<T>): Promise<T> {
    return this.ask(life, budget, (env) => call(workPoolAt(env, this.owner.workspace, this.#pool), this.owner));
  }

  /** Proposes a state as the SDK does: under one transition id, however often it has to ask, and waiting where it is told to. */
  propose(
    life: Life,
    budget: number,
    id: string,
    state: StateInput,
    {
      reporter = null,
      force = false,
      byWorker = false,
    }: { reporter?: Reporter; force?: boolean; byWorker?: boolean } = {},
  ): Promise<Verdict> {
    const details = { ...state.details, transitionId: this.#dice.at(life.name).uuid() };
    if (byWorker) this.ofWorkers.add(details.transitionId);
    return this.#obeying(life, details.transitionId, () =>
      this.run(life, budget, id, (run, owner) =>
        run.propose(owner, id, pack({ ...state, details }), { force, reporter }),
      ),
    );
  }

  /** Proposes a state of a task run as `propose` does it for a run. */
  proposeTask(
    life: Life,
    budget: number,
    { run, task, reporter }: { run: string; task: string; reporter: Reporter },
    type: StateInput["type"],
  ): Promise<Verdict> {
    const details = { transitionId: this.#dice.at(life.name).uuid() };
    return this.#obeying(life, details.transitionId, async () => {
      const answer = await this.run(life, budget, run, (object, owner) =>
        object.setTaskRunState(owner, task, { type, details }, { force: false, reporter }),
      );
      return answer ?? { code: "not_found", what: "task run", id: task };
    });
  }

  /** Asks again for as long as it is told to wait. */
  async #obeying(life: Life, transitionId: string, ask: () => Promise<Answer | Problem>): Promise<Verdict> {
    for (;;) {
      const verdict = verdictOf(await ask(), transitionId);
      if (verdict.kind !== "wait") return verdict;
      await this.pause(life, Math.max(verdict.seconds, 0.05) * 1000);
    }
  }

  /** Takes a run for a worker, which is what its proposal of PENDING does. It does not wait where it is told to. */
  async take(life: Life, budget: number, run: string): Promise<Verdict> {
    const details = { transitionId: this.#dice.at(life.name).uuid() };
    this.ofWorkers.add(details.transitionId);
    const offer = { run, queue: null, due: 0, priority: 0 };
    const answer = await this.pool(life, budget, (pool, owner) =>
      pool.take(owner, offer, pack({ type: "PENDING", details }), null),
    );
    return "full" in answer ? { kind: "refused" } : verdictOf(answer, details.transitionId);
  }

  /** Resolves after a time, if whoever waits still lives then. One who is frozen goes on late. */
  pause(life: Life, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const { time } = this.#platform;
      const ring = () => {
        if (!life.alive) return;
        const frozen = life.frozenUntil - time.now;
        if (frozen > 0) time.after(frozen, ring);
        else resolve();
      };
      time.after(milliseconds, ring);
    });
  }

  #within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = this.#platform.time.after(milliseconds, () => reject(new Unanswered()));
      work.then(resolve, reject).finally(() => callOff(late));
    });
  }
}

/** What an answer to a proposal says to whoever made it under this transition id. */
function verdictOf(answer: Answer | Problem, transitionId: string): Verdict {
  if (isProblem(answer)) return { kind: answer.code === "stale_claim" ? "lost" : "refused" };
  const told = unpack(answer.body);
  if (told.status === "WAIT")
    return { kind: "wait", seconds: (told.details as { delay_seconds: number }).delay_seconds };
  if (!told.state) return { kind: "refused" };
  const { id, type, name, state_details } = told.state;
  const mine = told.status === "ACCEPT" || state_details.transition_id === transitionId;
  const due = Date.parse(state_details.scheduled_time ?? "") || 0;
  return { kind: mine ? "accepted" : "replaced", type, name, id, due };
}

/** What objects say that could not do a thing because another did not answer. */
const AWAY = /^The shard does not answer$|^A run could not be made: unavailable$/;

/** Failures that a client takes for passing: of the network, of an object or a database that is away. */
function isPassing(error: unknown): boolean {
  if (error instanceof Unanswered || isExpected(error)) return true;
  if (error instanceof Error && AWAY.test(error.message)) return true;
  return (error as { problem?: { code?: string } }).problem?.code === "unavailable";
}
