/**
 * The first code in the process of a run. It may be started ahead: then it prepares what is the same for every run, and waits.
 * With its order it proposes RUNNING and loads the bundle at the same time, then hands over to the bundle's own SDK. It stays
 * small: everything here is paid before the first line of a run whose process was not started ahead.
 *
 * C1  When the agent is gone, so is this process and its group.
 * C2  It does not end with `EXIT.told` unless the API knows how the run ended.
 * C3  Before its order it loads nothing of a user's, writes nothing, and speaks to nobody.
 */
import module from "node:module";
import { Socket } from "node:net";
import { pathToFileURL } from "node:url";
import { LIFELINE_FD, ORDER_FD, READY, TAKEN } from "../infrastructure/infrastructure.ts";
import { connect } from "../sdk/api/connect.ts";
import { timestamp } from "../sdk/clock.ts";
import { stackOf } from "../sdk/errors.ts";
import { propose } from "../sdk/propose-state.ts";
import { loadingFlows, sdkCopies } from "../sdk/registry.ts";
import { LEVELS } from "../sdk/report/log-line.ts";
import { rehearse } from "./rehearsal.ts";
import { type BundleOrder, decodeOrder, EXIT } from "./run-order.ts";

/** How long the first call is tried for, in milliseconds. */
const BEGIN_BUDGET_MS = 60_000;
/** How long a crash is reported for: the agent does it as well, with less to say. */
const CRASH_BUDGET_MS = 5_000;

let told = false;
const terminated = new AbortController();
process.on("SIGTERM", () => terminated.abort());
process.on("exit", (code) => {
  if (!told && code === 0) process.exitCode = EXIT.unfinished;
});
endWithAgent();
process.setSourceMapsEnabled(true);
// Where compiled code may be kept between runs; the run itself sees no arguments.
const [compileCache] = process.argv.splice(2);
if (compileCache) module.enableCompileCache?.(compileCache);

const { env, folder, bundle } = decodeOrder(await handedOver());
const { path, flowName, flowRun, runningTransition, graceMs } = bundle as BundleOrder;
process.on("uncaughtException", (error) => void crash("An error was thrown outside of the flow", error));
Object.assign(process.env, env);
process.chdir(folder);

const apiUrl = env.MILLRACE_API_URL as string;
const token = env.MILLRACE_API_KEY as string;
const settings = { url: apiUrl, credential: { kind: "bearer", token } as const };
const api = connect(settings, { budgetMs: BEGIN_BUDGET_MS });
const running = propose(api, flowRun.id, { type: "RUNNING" }, undefined, runningTransition);
running.catch(() => {});

try {
  await loadingFlows(() => import(pathToFileURL(path).href));
  const sdk = sdkCopies().find((copy) => copy.flows.has(flowName));
  if (!sdk) throw new Error(`The bundle declares no flow "${flowName}"; it has: ${declared()}.`);
  const code = await sdk.host({ flowName, flowRun, apiUrl, token, running, terminated: terminated.signal, graceMs });
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
    await quick("POST /logs/", { body: [{ ...line, flow_run_id: flowRun.id }] });
    await propose(quick, flowRun.id, { type: "CRASHED", message: `${what}: ${stack.split("\n")[0]}` });
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

/** The order, which may be there already; while it is not, what every run needs is prepared. */
async function handedOver(): Promise<string> {
  const channel = new Socket({ fd: ORDER_FD, allowHalfOpen: true });
  let arrived = false;
  const order = new Promise<string>((resolve) => {
    const chunks: Buffer[] = [];
    channel.on("data", (chunk: Buffer) => {
      arrived = true;
      chunks.push(chunk);
    });
    channel.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    channel.once("error", () => resolve(""));
  });
  // A turn of the loop, in which an order that waits is read.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  if (!arrived) await rehearse(() => arrived);
  channel.write(READY);
  const text = await order;
  // The agent is gone, and the lifeline ends this process; or it has no use for it.
  if (text === "") process.exit(EXIT.untold);
  await new Promise<void>((resolve) => channel.end(TAKEN, resolve));
  channel.destroy();
  return text;
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
