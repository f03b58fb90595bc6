/** Runs over the wire: their whole life, reading one, and finding 200 among many. */
import { closedLoop, type Sample } from "../measure.ts";
import { createBody, stateBody } from "../run-bodies.ts";
import { type Target, type WireClient, withClients } from "../target.ts";

export interface Limits {
  count: number;
  /** Seconds after which no new unit is begun. */
  seconds: number;
}

/** The flow that measured runs belong to. */
export async function benchFlow(target: Target): Promise<string> {
  return withClients(target, 1, async ([client]) => {
    const { id } = await (client as WireClient).json<{ id: string }>("POST", "/flows/", {
      name: "bench",
      tags: [],
      labels: {},
    });
    return id;
  });
}

async function createRun(client: WireClient, body: string): Promise<string> {
  return (await client.json<{ id: string }>("POST", "/flow_runs/", body)).id;
}

async function propose(client: WireClient, run: string, type: "RUNNING" | "COMPLETED"): Promise<void> {
  const { status } = await client.json<{ status: string }>("POST", `/flow_runs/${run}/set_state`, stateBody(run, type));
  if (status !== "ACCEPT") throw new Error(`${type} was answered with ${status}.`);
}

/** Create, RUNNING, COMPLETED: three requests, each answered before the next. */
export function lifeCycles(target: Target, clients: number, limits: Limits): Promise<Sample> {
  return withClients(target, clients, async (open) => {
    const body = createBody(await benchFlow(target));
    const sample = await closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      async step(client) {
        const mine = open[client] as WireClient;
        const run = await createRun(mine, body);
        await propose(mine, run, "RUNNING");
        await propose(mine, run, "COMPLETED");
      },
    });
    return { ...sample, busy: open.reduce((sum, { busy }) => sum + busy, 0) };
  });
}

/** States of 32 runs that run, each said again under a transition of its own. */
export function setStates(target: Target, clients: number, limits: Limits): Promise<Sample> {
  return withClients(target, clients, async (open) => {
    const body = createBody(await benchFlow(target));
    const runs = await Promise.all(open.map((client) => createRun(client, body)));
    return closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      step: (client) => propose(open[client] as WireClient, runs[client] as string, "RUNNING"),
    });
  });
}

/** Reads of one run of 32 by its id. */
export function reads(target: Target, clients: number, limits: Limits): Promise<Sample> {
  return withClients(target, clients, async (open) => {
    const first = open[0] as WireClient;
    const body = createBody(await benchFlow(target));
    const runs: string[] = [];
    for (let made = 0; made < 32; made++) runs.push(await createRun(first, body));
    let next = 0;
    return closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      async step(client) {
        const { text } = await (open[client] as WireClient).call("GET", `/flow_runs/${runs[next++ % runs.length]}`);
        if (text.length < 500) throw new Error(`A run of ${text.length} characters.`);
      },
    });
  });
}

/** Makes runs until a filter finds `wanted` of them, or the time is over; returns how many there are. */
export async function makeRuns(
  target: Target,
  { count: wanted, seconds, paced }: Limits & { paced: number },
): Promise<number> {
  const clients = 16;
  return withClients(target, clients, async (open) => {
    const flow = await benchFlow(target);
    const body = createBody(flow);
    const there = await (open[0] as WireClient).json<number>("POST", "/flow_runs/count", {
      flows: { id: { any_: [flow] } },
    });
    const missing = Math.max(0, wanted - there);
    // Runs stay in memory for ten seconds; a burst of ten thousand would measure that and not the filter.
    const start = performance.now();
    let begun = 0;
    await closedLoop({
      clients,
      count: missing,
      seconds,
      pids: [],
      async step(client) {
        const due = start + (begun++ / paced) * 1000;
        const early = due - performance.now();
        if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
        await createRun(open[client] as WireClient, body);
      },
    });
    return (open[0] as WireClient).json<number>("POST", "/flow_runs/count", { flows: { id: { any_: [flow] } } });
  });
}

/** Finds the 200 newest runs of a flow, by one of the wire's orders. */
export function filters(target: Target, clients: number, sort: string, limits: Limits): Promise<Sample> {
  return withClients(target, clients, async (open) => {
    const flow = await benchFlow(target);
    const body = JSON.stringify({ flows: { id: { any_: [flow] } }, sort, limit: 200, offset: 0 });
    return closedLoop({
      clients,
      ...limits,
      pids: target.pids(),
      async step(client) {
        const { text } = await (open[client] as WireClient).call("POST", "/flow_runs/filter", body);
        if (text.length < 20_000) throw new Error(`A list of ${text.length} characters for 200 runs.`);
      },
    });
  });
}

/** A run in RUNNING for events and logs to belong to. */
export async function runningRun(target: Target): Promise<{ flow: string; run: string }> {
  return withClients(target, 1, async ([client]) => {
    const flow = await benchFlow(target);
    const run = await createRun(client as WireClient, createBody(flow));
    await propose(client as WireClient, run, "RUNNING");
    return { flow, run };
  });
}
