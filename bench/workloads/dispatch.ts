/** From the API call that asks for a run to an agent's hands, and on to its end. */
import { performance } from "node:perf_hooks";
import { BenchAgents } from "../bench-agent.ts";
import { closedLoop, latencySample, type Sample } from "../measure.ts";
import { cpuOf } from "../processes.ts";
import { stateBody } from "../run-bodies.ts";
import { type Target, type WireClient, withClients } from "../target.ts";
import { benchFlow, type Limits } from "./runs.ts";
import { taskRunEvents } from "./task-events.ts";

const POOL = "bench";
/** Connections of the agents, and runs that each takes at once. */
const AGENTS = 4;
const SLOTS = 64;

/** A deployment of the bench's flow in a pool, and its flow. */
export async function benchDeployment(
  target: Target,
  pool: string,
  more: Record<string, unknown> = {},
): Promise<{ deployment: string; flow: string }> {
  return withClients(target, 1, async ([client]) => {
    const flow = await benchFlow(target);
    const { id } = await (client as WireClient).json<{ id: string }>("POST", "/deployments/", {
      name: `bench-${pool}`,
      flow_id: flow,
      entrypoint: "bench.mjs:bench",
      work_pool_name: pool,
      ...more,
    });
    return { deployment: id, flow };
  });
}

export async function makePool(target: Target, name: string): Promise<void> {
  await withClients(target, 1, async ([client]) => {
    const found = await (client as WireClient).json<unknown[]>("POST", "/work_pools/filter", {
      work_pools: { name: { any_: [name] } },
    });
    if (found.length === 0) await (client as WireClient).call("POST", "/work_pools/", { name, type: "process" });
  });
}

/**
 * One run after another: the time from sending the request to the assignment. Each run is then driven to its end with its
 * own token, outside of the measured time but inside of the measured CPU: a dispatched run costs that too.
 */
export function claims(target: Target, limits: Limits): Promise<Sample> {
  return dispatching(target, 1, async (dispatch) => {
    const latencies: number[] = [];
    const pids = target.pids();
    let cpu = 0;
    const end = performance.now() + limits.seconds * 1000;
    // The first ones warm up what is compiled on the way.
    for (let run = -5; run < limits.count && performance.now() < end; run++) {
      if (run === 0) cpu = cpuOf(pids);
      const waited = await dispatch(0, 0);
      if (run >= 0) latencies.push(waited);
    }
    return latencySample(latencies, cpuOf(pids) - cpu);
  });
}

/** Runs that are created, dispatched and brought to their end, each with so many tasks, by many at once. */
export function dispatchedRuns(target: Target, clients: number, tasks: number, limits: Limits): Promise<Sample> {
  return dispatching(target, clients, (dispatch) =>
    closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      step: async (client) => void (await dispatch(client, tasks)),
    }),
  );
}

type Dispatch = (client: number, tasks: number) => Promise<number>;

/** Hands over what makes a run, waits for it at an agent and brings it to its end; that answers the milliseconds to the agent. */
async function dispatching(target: Target, clients: number, work: (dispatch: Dispatch) => Promise<Sample>) {
  await makePool(target, POOL);
  const { deployment, flow } = await benchDeployment(target, POOL);
  const agents = await BenchAgents.connect(target, POOL, AGENTS, SLOTS);
  try {
    return await withClients(target, clients, (open) =>
      work(async (client, tasks) => {
        const wire = open[client] as WireClient;
        const start = performance.now();
        const path = `/deployments/${deployment}/create_flow_run`;
        const { id } = await wire.json<{ id: string }>("POST", path, { parameters: {} });
        const { at, frame, finish } = await agents.assigned(id);
        const own = wire.as(frame.token);
        await own.call("POST", `/flow_runs/${id}/set_state`, stateBody(id, "RUNNING"));
        if (tasks > 0) await own.call("POST", "/events", `[${taskRunEvents(flow, id, tasks).join(",")}]`);
        await own.call("POST", `/flow_runs/${id}/set_state`, stateBody(id, "COMPLETED"));
        finish();
        return at - start;
      }),
    );
  } finally {
    agents.close();
  }
}

/** Polls of a pool in which nothing waits, as Prefect's worker sends them. */
export async function emptyPolls(target: Target, clients: number, limits: Limits): Promise<Sample> {
  const pool = "bench-empty";
  await makePool(target, pool);
  return withClients(target, clients, (open) =>
    closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      async step(client) {
        const { text } = await (open[client] as WireClient).call(
          "POST",
          `/work_pools/${pool}/get_scheduled_flow_runs`,
          `{"scheduled_before":"${new Date().toISOString()}"}`,
        );
        if (text !== "[]") throw new Error(`A poll of an empty pool was answered with ${text.slice(0, 200)}`);
      },
    }),
  );
}
