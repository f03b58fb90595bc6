/** From the API call that asks for a run to the claim in an agent's hands. */
import { performance } from "node:perf_hooks";
import { connectAgent } from "../bench-agent.ts";
import { latencySample, type Sample } from "../measure.ts";
import { cpuOf } from "../processes.ts";
import { stateBody } from "../run-bodies.ts";
import { type Target, WireClient, withClients } from "../target.ts";
import { benchFlow, type Limits } from "./runs.ts";

const POOL = "bench";

/** A deployment of the bench's flow in a pool of its own. */
export async function benchDeployment(target: Target, pool: string): Promise<string> {
  return withClients(target, 1, async ([client]) => {
    const flow = await benchFlow(target);
    const { id } = await (client as WireClient).json<{ id: string }>("POST", "/deployments/", {
      name: `bench-${pool}`,
      flow_id: flow,
      entrypoint: "bench.mjs:bench",
      work_pool_name: pool,
    });
    return id;
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
export async function claims(target: Target, limits: Limits): Promise<Sample> {
  await makePool(target, POOL);
  const deployment = await benchDeployment(target, POOL);
  const agent = await connectAgent(target, POOL, 4);
  try {
    return await withClients(target, 1, async ([client]) => {
      const latencies: number[] = [];
      const pids = target.pids();
      let cpu = 0;
      const end = performance.now() + limits.seconds * 1000;
      // The first ones warm up what is compiled on the way.
      for (let run = -5; run < limits.count && performance.now() < end; run++) {
        if (run === 0) cpu = cpuOf(pids);
        const start = performance.now();
        const { id } = await (client as WireClient).json<{ id: string }>(
          "POST",
          `/deployments/${deployment}/create_flow_run`,
          { parameters: {} },
        );
        const { at, frame } = await agent.assigned(id);
        if (run >= 0) latencies.push(at - start);
        await drive(target, frame.token, id);
        agent.finished(frame);
      }
      return latencySample(latencies, cpuOf(pids) - cpu);
    });
  } finally {
    agent.close();
  }
}

/** The run's own reports, with the token of its claim. */
async function drive(target: Target, token: string, run: string): Promise<void> {
  const own = await WireClient.open({ ...target, authorization: `Bearer ${token}`, token });
  try {
    for (const state of ["RUNNING", "COMPLETED"] as const)
      await own.call("POST", `/flow_runs/${run}/set_state`, stateBody(run, state));
  } finally {
    own.close();
  }
}
