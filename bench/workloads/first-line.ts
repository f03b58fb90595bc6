/**
 * From the API call that asks for a run to the first line of the user's code, in a process that the real agent starts: one that was
 * not there before, or one that waited.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { latencySample, type Sample } from "../measure.ts";
import type { MillraceServer } from "../millrace-server.ts";
import { cpuOf } from "../processes.ts";
import { type Target, type WireClient, withClients } from "../target.ts";
import type { Limits } from "./runs.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Milliseconds for one run. */
const PATIENCE = 30_000;

/** A deployment of the TypeScript flow, whose id it answers. */
export async function nodeFirstLine(server: MillraceServer): Promise<string> {
  await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, "agent/dist/cli/main.js"),
      "deploy",
      join(import.meta.dirname, "../first-line-flow.ts"),
      "--pool",
      "default",
    ],
    { cwd: ROOT, env: { ...process.env, MILLRACE_API_URL: server.apiUrl, MILLRACE_API_KEY: server.apiKey } },
  );
  return withClients(server.target, 1, async ([client]) => {
    const name = "/deployments/name/bench-first-line/default";
    return (await (client as WireClient).json<{ id: string }>("GET", name)).id;
  });
}

/** A deployment of the Python flow that lies here, as Prefect's client makes it, in a pool. */
export async function pythonFirstLine(target: Target, pool: string): Promise<string> {
  return withClients(target, 1, async ([client]) => {
    const wire = client as WireClient;
    const flow = await wire.json<{ id: string }>("POST", "/flows/", { name: "bench-first-line-python" });
    const { id } = await wire.json<{ id: string }>("POST", "/deployments/", {
      name: "default",
      flow_id: flow.id,
      entrypoint: "first_line_flow.py:first_line",
      work_pool_name: pool,
      pull_steps: [{ "prefect.deployments.steps.set_working_directory": { directory: import.meta.dirname } }],
      job_variables: { env: { PYTHONDONTWRITEBYTECODE: "1" } },
    });
    return id;
  });
}

/** One run after another, each `pause` milliseconds after the last, at an agent that has run some. The clock is in whole milliseconds. */
export async function firstLines(
  target: Target,
  id: string,
  folder: string,
  limits: Limits,
  pause: number,
): Promise<Sample> {
  const file = join(folder, "first-line");
  return withClients(target, 1, async ([client]) => {
    const wire = client as WireClient;
    const latencies: number[] = [];
    const pids = target.pids();
    let cpu = 0;
    const end = Date.now() + limits.seconds * 1000;
    for (let run = -3; run < limits.count && Date.now() < end; run++) {
      if (run === 0) cpu = cpuOf(pids);
      rmSync(file, { force: true });
      const start = Date.now();
      const made = await wire.json<{ id: string }>("POST", `/deployments/${id}/create_flow_run`, {
        parameters: { file },
      });
      const reached = await untilWritten(file);
      await untilEnded(wire, made.id);
      await wait(pause);
      if (run >= 0) latencies.push(reached - start);
    }
    return latencySample(latencies, cpuOf(pids) - cpu);
  });
}

async function untilWritten(file: string): Promise<number> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (text.endsWith("\n")) return Number(text);
    if (Date.now() > deadline) throw new Error("The agent did not reach the first line.");
    await wait(5);
  }
}

async function untilEnded(wire: WireClient, run: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const { state_type } = await wire.json<{ state_type: string }>("GET", `/flow_runs/${run}`);
    if (state_type === "COMPLETED") return;
    if (Date.now() > deadline || ["FAILED", "CRASHED", "CANCELLED"].includes(state_type))
      throw new Error(`The run ended as ${state_type}.`);
    await wait(10);
  }
}
