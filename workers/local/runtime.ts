/**
 * workerd, run by miniflare: every Worker of `workersOf` in one process.
 *
 * RT1  Its state lies in one folder, and nothing is asked of the network: no request metadata, no telemetry.
 * RT2  Its process id lies in the folder of process ids before it opens any state.
 * RT3  When it crashes, miniflare starts it again on the same ports and state.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Control, controlAt } from "./control.ts";
import { WEB_ASSETS, WEB_BUNDLE, WEB_WRANGLER } from "./paths.ts";
import { reasonOf, StartProblem } from "./problem.ts";
import { forgetProcess } from "./process-files.ts";
import type { Secrets } from "./secrets.ts";
import { CONTROL, workersOf } from "./worker-options.ts";
import { readWrangler, type WranglerConfig } from "./wrangler-config.ts";

/** The name of workerd's file in the folder of process ids. */
export const WORKERD = "workerd";

export interface RuntimeInputs {
  config: WranglerConfig;
  /** File of the Worker's module. */
  bundle: string;
  host: string;
  port: number;
  secrets: Secrets;
  localSignIn: boolean;
  trustedProxies: string;
  objectBudget: number | null;
  data: string;
  processes: string;
  /** Is given the way to end it before it runs. */
  started(stop: () => Promise<void>): void;
  /** Hears what workerd prints, and of restarts. */
  say(line: string): void;
}

export interface Runtime {
  /** The public address as this machine reaches it. */
  url: string;
  control: Control;
}

/** Starts it and resolves when it listens. */
export async function startRuntime(inputs: RuntimeInputs): Promise<Runtime> {
  // The only way to have miniflare start another command than workerd itself.
  process.env.MINIFLARE_WORKERD_PATH = join(import.meta.dirname, "workerd.sh");
  const { convertV4MiniflareOptions, CoreHeaders, Log, LogLevel, Miniflare } = await import("miniflare");
  // miniflare has workerd take `request.cf` from a header, which anybody may send. Without its name workerd itself says there who is at
  // the other end of the connection.
  (CoreHeaders as { CF_BLOB: string | undefined }).CF_BLOB = undefined;
  const secret = randomBytes(32).toString("base64url");
  const before = signalListeners();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: workersOf({
        config: inputs.config,
        script: readFileSync(inputs.bundle, "utf8"),
        bindings: bindingsOf(inputs),
        host: inputs.host,
        port: inputs.port,
        web: {
          config: readWrangler(readFileSync(WEB_WRANGLER, "utf8")),
          script: readFileSync(WEB_BUNDLE, "utf8"),
          assets: WEB_ASSETS,
        },
        control: { script: readFileSync(join(import.meta.dirname, "control-worker.mjs"), "utf8"), secret },
      }),
      // miniflare's own entry is not used, but cannot be left out.
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      logRequests: false,
      log: new Log(LogLevel.WARN),
      resourcePersistencePath: inputs.data,
      unsafeRuntimeEnv: { MILLRACE_PROCESSES: inputs.processes, MILLRACE_WORKERD: workerdBinary() },
      unsafeHandleRuntimeRestart: () => inputs.say("workerd had ended and was started again"),
      handleStructuredLogs: ({ message }) => inputs.say(message),
    }),
  );
  // miniflare would end the process at the first signal, before the agent has ended its runs: start.ts decides that.
  for (const { signal, listeners } of signalListeners())
    for (const listener of listeners)
      if (!before.some((one) => one.listeners.includes(listener))) process.off(signal, listener);
  inputs.started(async () => {
    await miniflare.dispose();
    forgetProcess(inputs.processes, WORKERD);
  });
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL(inputs.config.name);
    const control = controlAt(await miniflare.unsafeGetDirectURL(CONTROL), secret);
    return { url: url.origin, control };
  } catch (error) {
    throw startProblem(inputs, error);
  }
}

function workerdBinary(): string {
  const require = createRequire(createRequire(import.meta.filename).resolve("miniflare"));
  return (require("workerd") as { default: string }).default;
}

function bindingsOf({ secrets, localSignIn, trustedProxies, objectBudget }: RuntimeInputs): Record<string, string> {
  return {
    KEY_PEPPER: secrets.keyPepper,
    RELEASE_ENDED_RUNS: "1",
    // Objects and bucket lie on one disk: packing would free little of it, and cost each run an fsync.
    ARCHIVE_AFTER_DAYS: "0",
    SIGNING_KEYS: JSON.stringify(secrets.signingKeys),
    SECRETS_KEYS: JSON.stringify(secrets.secretsKeys),
    TRUSTED_PROXIES: trustedProxies,
    ...(localSignIn ? { LOCAL_SIGN_IN: "1" } : {}),
    ...(objectBudget === null ? {} : { OBJECT_BUDGET: String(objectBudget) }),
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function signalListeners() {
  return SIGNALS.map((signal) => ({ signal, listeners: process.listeners(signal) }));
}

function startProblem({ host, port }: RuntimeInputs, error: unknown): StartProblem {
  if (reasonOf(error) === "ERR_ADDRESS_IN_USE") return portTaken(host, port);
  return new StartProblem(`workerd could not be started: ${error instanceof Error ? error.message : error}`, 1, error);
}

/** What to say when another program listens at the address. */
export function portTaken(host: string, port: number): StartProblem {
  return new StartProblem(
    `Port ${port} of ${host} is taken by another program: end it, or choose another with --port.`,
  );
}
