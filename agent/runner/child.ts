/**
 * The first code in the process of a run. It proposes RUNNING and loads the bundle at the same time, then hands over to the
 * bundle's own SDK. It stays small: everything here is paid before the first line of every run.
 *
 * C1  When the agent is gone, so is this process and its group.
 * C2  It does not end with `EXIT.told` unless the API knows how the run ended.
 */
import module from "node:module";
import { Socket } from "node:net";
import { pathToFileURL } from "node:url";
import { LIFELINE_FD } from "../infrastructure/infrastructure.ts";
import { connect } from "../sdk/api/connect.ts";
import { timestamp } from "../sdk/clock.ts";
import { stackOf } from "../sdk/errors.ts";
import { propose } from "../sdk/propose-state.ts";
import { loadingFlows, sdkCopies } from "../sdk/registry.ts";
import { LEVELS } from "../sdk/report/log-line.ts";
import { decodeOrder, EXIT, ORDER_VARIABLE, type WireRun } from "./run-order.ts";

/** How long the first call is tried for, in milliseconds. */
const BEGIN_BUDGET_MS = 60_000;
/** How long a crash is reported for: the agent does it as well, with less to say. */
const CRASH_BUDGET_MS = 5_000;

const env = process.env;
const order = decodeOrder(env[ORDER_VARIABLE] ?? "");
const apiUrl = env.MILLRACE_API_URL as string;
const token = env.MILLRACE_API_KEY as string;
const flowRunId = env.MILLRACE_FLOW_RUN_ID as string;
delete env[ORDER_VARIABLE];

let told = false;
const terminated = new AbortController();
process.on("SIGTERM", () => terminated.abort());
process.on("exit", (code) => {
  if (!told && code === 0) process.exitCode = EXIT.unfinished;
});
process.on("uncaughtException", (error) => void crash("An error was thrown outside of the flow", error));
endWithAgent();
process.setSourceMapsEnabled(true);
if (order.compileCache) module.enableCompileCache?.(order.compileCache);

const settings = { url: apiUrl, credential: { kind: "bearer", token } as const };
const api = connect(settings, { budgetMs: BEGIN_BUDGET_MS });
const running = propose(api, flowRunId, { type: "RUNNING" }, undefined, order.runningTransition);
running.catch(() => {});

try {
  const flowRun = order.flowRun ?? ((await api("GET /flow_runs/{id}", { params: { id: flowRunId } })) as WireRun);
  await loadingFlows(() => import(pathToFileURL(order.bundle).href));
  const sdk = sdkCopies().find((copy) => copy.flows.has(order.flowName));
  if (!sdk) throw new Error(`The bundle declares no flow "${order.flowName}"; it has: ${declared()}.`);
  const code = await sdk.host({
    flowName: order.flowName,
    flowRun,
    apiUrl,
    token,
    running,
    terminated: terminated.signal,
    graceMs: order.graceMs,
  });
  told = code === EXIT.told;
  process.exit(code);
} catch (error) {
  await crash("The flow could not be loaded", error);
}

/** Reports that the run cannot go on, and ends the process. */
async function crash(what: string, error: unknown): Promise<never> {
  const stack = stackOf(error);
  process.stderr.write(`${what}.\n${stack}\n`);
  try {
    const quick = connect(settings, { budgetMs: CRASH_BUDGET_MS });
    const line = {
      name: "millrace.flow_run",
      level: LEVELS.error,
      message: `${what}.\n${stack}`,
      timestamp: timestamp(),
    };
    await quick("POST /logs/", { body: [{ ...line, flow_run_id: flowRunId }] });
    await propose(quick, flowRunId, { type: "CRASHED", message: `${what}: ${stack.split("\n")[0]}` });
    told = true;
  } catch {
    // The agent sees the exit code and reports the crash itself.
  }
  process.exit(told ? EXIT.told : EXIT.untold);
}

function declared(): string {
  return (
    sdkCopies()
      .flatMap((copy) => [...copy.flows.keys()])
      .join(", ") || "none"
  );
}

/** The agent holds the other end of the lifeline and writes nothing: its end is the agent's end. */
function endWithAgent(): void {
  const lifeline = new Socket({ fd: LIFELINE_FD });
  const end = () => {
    try {
      process.kill(-process.pid, "SIGKILL");
    } catch {
      process.kill(process.pid, "SIGKILL");
    }
  };
  lifeline.on("close", end);
  lifeline.on("error", end);
  lifeline.resume();
  lifeline.unref();
}
