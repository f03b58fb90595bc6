/** Counts the rows that a dispatched run writes, in the service's own code with a counter around its storage. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { probedServer, type Rows } from "./probe-server.ts";
import { type WireClient, withClients } from "./target.ts";

const ROOT = join(import.meta.dirname, "..");
/** Milliseconds for what is written after the last state: the index and the pool follow. */
const SETTLE = 2_000;
const PATIENCE = 30_000;
const WRITERS = ["FlowRun", "WorkPool", "EventHub", "index", "directory"] as const;

/** Rows of a run of five tasks and twenty log lines, on average over `runs` of them, one after another. */
export async function rowsOfRun(folder: string, runs: number): Promise<Pick<Rows, (typeof WRITERS)[number]>> {
  const server = await probedServer(folder, { agent: true });
  try {
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, "agent/dist/cli/main.js"), "deploy", join(import.meta.dirname, "rows-flow.ts"), "--pool", "default"],
      { cwd: ROOT, env: { ...process.env, MILLRACE_API_URL: server.apiUrl, MILLRACE_API_KEY: server.apiKey } },
    );
    return await withClients(server.target, 1, async ([client]) => {
      const wire = client as WireClient;
      const { id } = await wire.json<{ id: string }>("GET", "/deployments/name/bench-rows/default");
      await oneRun(wire, id);
      await wait(SETTLE);
      const before = await server.rowsWritten();
      for (let run = 0; run < runs; run++) await oneRun(wire, id);
      await wait(SETTLE);
      const after = await server.rowsWritten();
      return Object.fromEntries(
        WRITERS.map((writer) => [writer, ((after[writer] ?? 0) - (before[writer] ?? 0)) / runs]),
      ) as Pick<Rows, (typeof WRITERS)[number]>;
    });
  } finally {
    await server.stop();
  }
}

async function oneRun(wire: WireClient, deployment: string): Promise<void> {
  const { id } = await wire.json<{ id: string }>("POST", `/deployments/${deployment}/create_flow_run`, {
    parameters: {},
  });
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const { state_type } = await wire.json<{ state_type: string }>("GET", `/flow_runs/${id}`);
    if (state_type === "COMPLETED") return;
    if (Date.now() > deadline || ["FAILED", "CRASHED", "CANCELLED"].includes(state_type))
      throw new Error(`The run ended as ${state_type}.`);
    await wait(100);
  }
}
