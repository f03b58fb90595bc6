/**
 * The whole service on one machine: state, workerd, databases, first account, agent, clock.
 *
 * SV1  What has been started is registered before the next thing starts; a failure ends all of it.
 * SV2  The order of the end is the reverse: the agent ends its runs while the API still answers, the lock goes last.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isLoopback } from "./address.ts";
import { AGENT, startAgent } from "./agent-process.ts";
import { ask } from "./ask.ts";
import { ensureBuilt } from "./build.ts";
import type { Control } from "./control.ts";
import { startCron } from "./cron.ts";
import { startGuardian } from "./guardian.ts";
import { checkListening } from "./listen-check.ts";
import { type Local, localOf, readLocal, writeLocal } from "./local-file.ts";
import { migrate, readMigrations } from "./migrations.ts";
import { hardLimit, limitWarning, objectBudget } from "./open-files.ts";
import type { Options } from "./options.ts";
import { AGENT_CLI, ROOT, WORKER_BUNDLE, WRANGLER } from "./paths.ts";
import { StartProblem } from "./problem.ts";
import { endLeftBehind } from "./process-files.ts";
import { untilAgent, untilApi, untilWeb } from "./ready.ts";
import { startRuntime, WORKERD } from "./runtime.ts";
import { deploySample } from "./sample-flow.ts";
import { loadSecrets } from "./secrets.ts";
import { newerState, openStateFolder, type StateFolder } from "./state-folder.ts";
import type { Teardown } from "./teardown.ts";
import { readWrangler, type WranglerConfig } from "./wrangler-config.ts";

/** The pool that the agent serves. */
const POOL = "default";

/**
 * Starts every part and resolves when all of them answer. What runs is registered with `teardown`. `bundle` is the
 * Worker's module.
 */
export async function startService(
  options: Options,
  teardown: Teardown,
  say: (line: string) => void,
  bundle = WORKER_BUNDLE,
): Promise<Local> {
  const limit = hardLimit();
  const warning = limitWarning(limit);
  if (warning !== null) say(warning);
  const state = openStateFolder(options.state);
  teardown.add("the state folder", state.release);
  if (options.port !== 0) await checkListening(options.host, options.port);
  await ensureBuilt(options.agent ? ["worker", "web", "agent"] : ["worker", "web"], say);
  await endLeftBehind(state.processes, { [WORKERD]: "workerd", [AGENT]: "agent start" });
  teardown.add("the guardian", startGuardian(state.processes).end);

  const config = readWrangler(readFileSync(WRANGLER, "utf8"));
  const { url, control } = await startRuntime({
    config,
    bundle,
    host: options.host,
    port: options.port,
    secrets: loadSecrets(state.secretsFile),
    localSignIn: options.localSignIn && isLoopback(options.host),
    trustedProxies: options.trustedProxies,
    objectBudget: objectBudget(limit),
    data: state.data,
    processes: state.processes,
    started: (stop) => teardown.add("workerd", stop),
    say: (line) => say(`worker: ${line}`),
  });
  await migrateAll(config, control, state);
  await untilApi(url);
  if (options.liftAllowList) await control.liftAllowLists();
  const local = await settle(url, control, state);
  teardown.add("the clock", startCron(control, config.crons, say));
  const withAgent = options.agent && (await ensurePool(local, say));
  if (withAgent) {
    const agent = startAgent({
      cli: AGENT_CLI,
      pool: POOL,
      apiUrl: local.api_url,
      apiKey: local.api_key,
      folder: state.agent,
      processes: state.processes,
      say: (line) => say(`agent: ${line}`),
    });
    teardown.add("the agent", agent.stop);
  }
  await Promise.all([
    untilWeb(url),
    withAgent ? untilAgent(local, POOL) : null,
    withAgent ? deploySample(local, state.deployedFile, say) : null,
  ]);
  return local;
}

async function migrateAll(config: WranglerConfig, control: Control, state: StateFolder): Promise<void> {
  for (const { binding, migrations } of config.databases) {
    const outcome = await migrate(control, binding, readMigrations(join(ROOT, migrations)));
    if (typeof outcome === "object") throw newerState(state.path, `migration ${outcome.unknown} of ${binding}`);
  }
}

/** Who this server belongs to: as on the last start, or made now. */
async function settle(url: string, control: Control, state: StateFolder): Promise<Local> {
  const before = readLocal(state.localFile);
  const owner = before !== null && (await isValid(url, before.api_key)) ? before : await control.seed("local");
  const local = localOf(url, owner);
  writeLocal(state.localFile, local);
  return local;
}

/** The agent's pool; on later starts it is there. False where the account's allow list keeps this machine out. */
async function ensurePool({ api_url, api_key }: Local, say: (line: string) => void): Promise<boolean> {
  const { status, text } = await ask(`${api_url}/work_pools/`, {
    method: "POST",
    headers: { authorization: `Bearer ${api_key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: POOL, type: "process" }),
  });
  if (status === 403) {
    say(`no agent is started: the API answered ${text.slice(0, 300)}. --lift-allow-list lets everybody in again.`);
    return false;
  }
  if (status !== 201 && status !== 409)
    throw new StartProblem(`The pool "${POOL}" could not be made: the API answered ${status} ${text.slice(0, 200)}`);
  return true;
}

async function isValid(url: string, key: string): Promise<boolean> {
  const { status } = await ask(`${url}/api/me/`, { headers: { authorization: `Bearer ${key}` } });
  // An allow list may keep this machine out: its key is good all the same.
  return status === 200 || status === 403;
}
