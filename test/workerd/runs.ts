/** Flow runs for tests inside the Workers runtime, begun at their objects without the API in between. */

import { runInDurableObject } from "cloudflare:test";
import type { WireFlowRun, WireOrchestration } from "@millrace/contract/flow-runs.ts";
import type { StateInput, StateType } from "@millrace/domain/state.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt, flowRunAt, type Remote } from "../../durable-objects/addresses.ts";
import {
  type Birth,
  type FlowRunRpc,
  isProblem,
  type Owner,
  type Reporter,
} from "../../durable-objects/flow-run/rpc.ts";
import { pack, unpack } from "../../durable-objects/kit/packed.ts";
import { makeRunId } from "../../workers/api/run-ids.ts";
import { testEnv } from "./env.ts";

/** What a workspace is to an object; no directory knows it. */
export const newOwner = (shard = 0): Owner => ({ workspace: uuidv7(), shard });

export const bornWith = (owner: Owner, changes: Partial<Birth> = {}): Birth => ({
  id: makeRunId(testEnv.KEY_PEPPER, owner.workspace),
  flowId: uuidv7(),
  offeredName: "steady-heron",
  lossPolicy: "crash",
  ...changes,
  surroundings: {
    flow: { id: uuidv7(), name: "a flow", tags: [] },
    parentFlowRunId: null,
    startedBy: null,
    code: null,
    ...changes.surroundings,
  },
});

/** A birth that has the run wait for an agent. */
export const inPool = (pool: string = uuidv7()): Partial<Birth> => ({
  state: { type: "SCHEDULED" },
  deploymentId: uuidv7(),
  workPoolId: pool,
  workPoolName: "pool",
  workQueueId: uuidv7(),
  workQueueName: "default",
});

export interface TestRun {
  id: string;
  owner: Owner;
  object: Remote<FlowRunRpc>;
  /** A stub of its own each time: one that met a crash stays broken. */
  readonly stub: DurableObjectStub;
  /** The object's process ends, at once: what is not stored is lost. */
  crash(): Promise<void>;
  read(): Promise<WireFlowRun>;
  /** Proposes a state and answers the verdict; a problem is thrown as JSON. */
  set(
    type: StateType,
    input?: Partial<StateInput>,
    how?: { force?: boolean; reporter?: Reporter },
  ): Promise<WireOrchestration>;
}

export function runAt(owner: Owner, id: string): TestRun {
  const object = flowRunAt(testEnv, owner.workspace, id);
  return {
    id,
    owner,
    object,
    get stub() {
      return testEnv.FLOW_RUN.get(testEnv.FLOW_RUN.idFromName(`${owner.workspace}/${id}`));
    },
    async crash() {
      await runInDurableObject(this.stub, (_, state) => state.abort("a crash")).catch(() => {});
    },
    async read() {
      const body = await object.read(owner);
      if (body === null) throw new Error(`There is no run ${id}.`);
      return unpack(body);
    },
    async set(type, input, { force = false, reporter = null } = {}) {
      const answer = await object.propose(owner, id, pack({ type, ...input }), { force, reporter });
      if (isProblem(answer)) throw new Error(JSON.stringify(answer));
      return unpack(answer.body);
    },
  };
}

/** What an object's storage holds: names of tables, and the alarm. */
export const stored = ({ stub }: TestRun): Promise<{ tables: string[]; alarm: number | null }> =>
  runInDurableObject(stub, async (_, { storage }) => ({
    tables: storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray()
      .map(({ name }) => name),
    alarm: await storage.getAlarm(),
  }));

/** Begins a run. */
export async function begin(owner: Owner, changes: Partial<Birth> = {}): Promise<TestRun> {
  const birth = bornWith(owner, changes);
  const run = runAt(owner, birth.id);
  const created = await run.object.create(owner, pack(birth));
  if (isProblem(created)) throw new Error(JSON.stringify(created));
  // As the API does: who began a run finds it in lists.
  if (created.announcement) await eventHubAt(testEnv, owner.workspace).announce(owner, created.announcement, true);
  return run;
}

/** An event of a task run, as Prefect's client sends it. */
export function taskEvent(
  run: TestRun,
  { id, type, occurred, ...task }: { id: string; type: StateType; occurred: string; [field: string]: unknown },
): object {
  return {
    id: uuidv7(),
    occurred,
    event: `prefect.task-run.${type[0]}${type.slice(1).toLowerCase()}`,
    resource: { "prefect.resource.id": `prefect.task-run.${id}`, "prefect.orchestration": "client" },
    related: [{ "prefect.resource.id": `prefect.flow-run.${run.id}`, "prefect.resource.role": "flow-run" }],
    payload: {
      task_run: { task_key: "task-1", dynamic_key: id, name: "task", ...task },
      validated_state: { type, name: null, message: null },
    },
    follows: null,
  };
}

/** A log line. */
export const line = (
  message: string,
  at: number,
): { [field: string]: unknown } & Parameters<FlowRunRpc["appendLogs"]>[1][number] => ({
  name: "prefect.flow_runs",
  level: 20,
  message,
  timestamp: at as never,
  flow_run_id: null,
  task_run_id: null,
});

/** Asks for all lines of a log, in order of time. */
export const ALL_LINES = { filter: {}, sort: "TIMESTAMP_ASC", limit: 200, offset: 0 } as const;

/** Rows of the index, newest first. */
export async function indexRows(owner: Owner): Promise<Record<string, unknown>[]> {
  const shard = owner.shard === 0 ? testEnv.SHARD_0 : testEnv.SHARD_1;
  const { results } = await shard
    .prepare("SELECT * FROM flow_runs WHERE workspace_id = ?1 ORDER BY created DESC, id DESC")
    .bind(owner.workspace)
    .all();
  return results;
}

/** Asks for all task runs, in order of their beginning. */
export const ALL_TASK_RUNS = { filter: {}, sort: "EXPECTED_START_TIME_ASC", limit: 10_000 } as const;
