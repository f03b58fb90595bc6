/** Counts the rows that a dispatched run writes, in the service's own code with a counter around its storage. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { bundle } from "../workers/local/bundle.ts";
import { startService } from "../workers/local/service.ts";
import { Teardown } from "../workers/local/teardown.ts";
import { type Target, type WireClient, withClients } from "./target.ts";

const ROOT = join(import.meta.dirname, "..");
/** Milliseconds for what is written after the last state: the index and the pool follow. */
const SETTLE = 2_000;
const PATIENCE = 30_000;

/** Rows by who wrote them, for one run. */
export type Rows = Record<"FlowRun" | "WorkPool" | "EventHub" | "index" | "directory", number>;

/** Rows of a run of five tasks and twenty log lines, on average over `runs` of them, one after another. */
export async function rowsOfRun(folder: string, runs: number): Promise<Rows> {
  mkdirSync(folder, { recursive: true });
  const probe = join(folder, "probe.mjs");
  await bundle(join(import.meta.dirname, "rows-probe.ts"), probe);
  const teardown = new Teardown();
  const said: string[] = [];
  try {
    const local = await startService(
      {
        host: "127.0.0.1",
        port: 0,
        state: join(folder, "state"),
        agent: true,
        open: false,
        localSignIn: false,
        help: false,
      },
      teardown,
      (line) => said.push(line),
      probe,
    );
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, "agent/dist/cli/main.js"), "deploy", join(import.meta.dirname, "rows-flow.ts"), "--pool", "default"],
      { cwd: ROOT, env: { ...process.env, MILLRACE_API_URL: local.api_url, MILLRACE_API_KEY: local.api_key } },
    );
    const url = new URL(local.api_url);
    const target: Target = {
      name: "rows",
      host: url.hostname,
      port: Number(url.port),
      base: url.pathname,
      authorization: `Bearer ${local.api_key}`,
      token: local.api_key,
      mayBeBusy: false,
      pids: () => [],
    };
    return await withClients(target, 1, async ([client]) => {
      const wire = client as WireClient;
      const { id } = await wire.json<{ id: string }>("GET", "/deployments/name/bench-rows/default");
      await oneRun(wire, id);
      await wait(SETTLE);
      const before = await written(wire);
      for (let run = 0; run < runs; run++) await oneRun(wire, id);
      await wait(SETTLE);
      const after = await written(wire);
      return Object.fromEntries(
        (["FlowRun", "WorkPool", "EventHub", "index", "directory"] as const).map((writer) => [
          writer,
          ((after[writer] ?? 0) - (before[writer] ?? 0)) / runs,
        ]),
      ) as Rows;
    });
  } catch (error) {
    throw new Error(`Rows could not be counted: ${said.slice(-10).join("\n")}`, { cause: error });
  } finally {
    await teardown.run((line) => said.push(line));
  }
}

const written = (wire: WireClient): Promise<Partial<Rows>> => wire.json<Partial<Rows>>("GET", "/rows-written");

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
