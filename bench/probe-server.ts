/** The service with every written row counted, in this process and a workerd of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { processTree } from "../test/support/processes.ts";
import { bundle } from "../workers/local/bundle.ts";
import { startService } from "../workers/local/service.ts";
import { Teardown } from "../workers/local/teardown.ts";
import { commandOf } from "./processes.ts";
import { type Target, type WireClient, withClients } from "./target.ts";

/** Rows by who wrote them. */
export type Rows = Record<
  "FlowRun" | "WorkPool" | "EventHub" | "Deployment" | "ConcurrencyLimit" | "BackgroundTasks" | "index" | "directory",
  number
>;

export interface ProbedServer {
  target: Target;
  apiUrl: string;
  apiKey: string;
  rowsWritten(): Promise<Partial<Rows>>;
  /** Resolves when the work of the next minute was done. */
  minute(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds after a full minute at which its work was done. */
const AFTER_MINUTE = 2_000;

/** Starts a server whose state lies in `folder`. */
export async function probedServer(folder: string, { agent = false } = {}): Promise<ProbedServer> {
  mkdirSync(folder, { recursive: true });
  const probe = join(folder, "probe.mjs");
  await bundle(join(import.meta.dirname, "rows-probe.ts"), probe);
  const teardown = new Teardown();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const options = {
    host: "127.0.0.1",
    port: 0,
    state: join(folder, "state"),
    open: false,
    localSignIn: false,
    trustedProxies: "",
    liftAllowList: false,
  };
  try {
    const local = await startService({ ...options, agent, help: false }, teardown, say, probe);
    const url = new URL(local.api_url);
    const target: Target = {
      name: "rows",
      host: url.hostname,
      port: Number(url.port),
      base: url.pathname,
      authorization: `Bearer ${local.api_key}`,
      token: local.api_key,
      mayBeBusy: false,
      pids: () => processTree(process.pid).filter((pid) => commandOf(pid).includes("workerd serve")),
    };
    return {
      target,
      apiUrl: local.api_url,
      apiKey: local.api_key,
      rowsWritten: () =>
        withClients(target, 1, ([client]) => (client as WireClient).json<Partial<Rows>>("GET", "/rows-written")),
      minute: () => new Promise((resolve) => void setTimeout(resolve, 60_000 - (Date.now() % 60_000) + AFTER_MINUTE)),
      stop: () => teardown.run(say),
    };
  } catch (error) {
    await teardown.run(say);
    throw new Error(`The probed server did not start: ${said.slice(-10).join("\n")}`, { cause: error });
  }
}

/** All rows together. */
export const total = (rows: Partial<Rows>): number => Object.values(rows).reduce((sum, count) => sum + count, 0);
