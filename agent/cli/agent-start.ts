import { fstatSync } from "node:fs";
import { availableParallelism, homedir, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processInfrastructure } from "../infrastructure/process.ts";
import { Agent, AgentRefusedError } from "../runner/agent.ts";
import { BundleStore } from "../runner/bundle-store.ts";
import type { WarmLimits } from "../runner/demand.ts";
import { takeIdentity } from "../runner/identity.ts";
import { WarmPool } from "../runner/warm-pool.ts";
import { exposure } from "../sdk/api/trust.ts";
import { type Duration, milliseconds } from "../sdk/duration.ts";
import { settingsOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { Problem, usage } from "./problem.ts";

export const command: CommandSpec = {
  description: "Runs an agent: it takes the runs of a pool, each into a process of its own, until it is told to end.",
  examples: [
    "millrace agent start --pool default",
    "millrace agent start --pool default --slots 4 --name build-7",
    "millrace agent start --pool default --pass-env DATABASE_URL",
  ],
  options: {
    pool: {
      type: "string",
      value: "NAME",
      description: "the pool whose runs it takes",
      env: "MILLRACE_POOL",
      names: "pool",
    },
    name: {
      type: "string",
      value: "NAME",
      description: "how people see it; this machine's name by default",
      env: "MILLRACE_AGENT_NAME",
    },
    slots: {
      type: "string",
      value: "N",
      description: "runs at once; four for each processor by default",
      env: "MILLRACE_AGENT_SLOTS",
    },
    grace: {
      type: "string",
      value: "TIME",
      description: "between SIGTERM and SIGKILL of a cancelled run: 30s",
      env: "MILLRACE_AGENT_GRACE",
    },
    drain: {
      type: "string",
      value: "TIME",
      description: "how long runs may go on after SIGTERM: 10m",
      env: "MILLRACE_AGENT_DRAIN",
    },
    lease: {
      type: "string",
      value: "TIME",
      description: "after which silence its runs are another's: 30s",
      env: "MILLRACE_AGENT_LEASE",
    },
    python: {
      type: "string",
      value: "FILE",
      description: "the Python that has Prefect, for runs of Python deployments: python3",
      env: "MILLRACE_PYTHON",
    },
    "no-warm": {
      type: "boolean",
      description: "start each run's process when the run comes; by default some are kept ready while runs come",
      env: "MILLRACE_AGENT_NO_WARM",
    },
    "pass-env": { type: "string", value: "NAME", multiple: true, description: "a variable that runs may see" },
    "state-dir": { type: "string", value: "FOLDER", description: "where its id is kept", env: "MILLRACE_STATE_HOME" },
    "cache-dir": {
      type: "string",
      value: "FOLDER",
      description: "where bundles and working folders lie",
      env: "MILLRACE_CACHE_HOME",
    },
    "end-with-stdin": {
      type: "boolean",
      description: "drain when standard input ends",
      env: "MILLRACE_AGENT_END_WITH_STDIN",
    },
  },
  async run(call) {
    const { env, out } = call;
    const pool = call.text("pool");
    if (pool === undefined)
      throw usage("Which pool's runs is it to take?", "--pool", "millrace agent start --pool default");
    const settings = await settingsOf(call);
    const exposed = exposure(settings);
    if (exposed) out.complain(exposed);
    const { state, cache } = folders(call);
    const identity = takeIdentity(join(state, "agents", encodeURIComponent(pool)), call.text("name"));
    const bundles = new BundleStore(join(cache, "bundles"));
    await bundles.prune();
    const log = (text: string) => out.say(`${new Date().toISOString()} ${text}`);
    const slots = call.count("slots", 1) ?? availableParallelism() * 4;
    const agent = new Agent({
      settings,
      pool,
      identity,
      slots,
      leaseSeconds: timeOf(call, "lease", "30s") / 1000,
      drainMs: timeOf(call, "drain", "10m"),
      log,
      run: {
        apiUrl: settings.url,
        warm: new WarmPool(processInfrastructure, warmLimits(call.flag("no-warm"), slots), log),
        bundles,
        runsFolder: join(cache, "runs"),
        command: [process.execPath, program("child", "js"), join(cache, "compiled")],
        python: [call.text("python") ?? "python3", program("waiting", "py")],
        agentEnv: env,
        passedEnv: call.texts("pass-env"),
        graceMs: timeOf(call, "grace", "30s"),
        log,
      },
    });
    const release = endOnSignals(agent, call.flag("end-with-stdin"));
    try {
      await agent.work();
      return EXIT_CODES.ok;
    } catch (error) {
      if (!(error instanceof AgentRefusedError)) throw error;
      throw refusal(error, pool);
    } finally {
      release();
      identity.release();
    }
  },
};

function refusal(error: AgentRefusedError, pool: string): Problem {
  if (error.status === 404) {
    return new Problem(`There is no pool "${pool}" in this workspace.`, {
      code: "not_found",
      fix: `millrace pool create ${pool}`,
    });
  }
  const reason = error.message.replace(/\.$/, "");
  return new Problem(`The server refuses this agent: ${reason}.`, {
    code: "auth",
    ...(error.status === 401 && { fix: "millrace login" }),
  });
}

function folders({ env, text }: Call): { state: string; cache: string } {
  const home = env.HOME ?? homedir() ?? tmpdir();
  return {
    state: text("state-dir") ?? join(env.XDG_STATE_HOME ?? join(home, ".local", "state"), "millrace"),
    cache: text("cache-dir") ?? join(env.XDG_CACHE_HOME ?? join(home, ".cache"), "millrace"),
  };
}

function timeOf(call: Call, name: string, otherwise: Duration): number {
  try {
    const text = call.text(name);
    const value = text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : ((text ?? otherwise) as Duration);
    return milliseconds(value, `--${name}`);
  } catch (error) {
    throw usage((error as Error).message, `--${name}`);
  }
}

/** The most processes that wait for a run, and the share of the machine's memory that they may have. */
const MOST_WARM = 8;
const WARM_SHARE = 0.1;

const warmLimits = (off: boolean, slots: number): WarmLimits => ({
  count: off ? 0 : Math.min(slots, MOST_WARM),
  megabytes: Math.min(1024, (totalmem() / 1_000_000) * WARM_SHARE),
});

/** A program of a run's process: beside this one, as source or built. */
function program(name: string, built: "js" | "py"): string {
  const ending = built === "js" && import.meta.url.endsWith(".ts") ? "ts" : built;
  return fileURLToPath(new URL(`../runner/${name}.${ending}`, import.meta.url));
}

/** The first request drains, the second ends all runs now. */
function endOnSignals(agent: Agent, withStdin: boolean): () => void {
  let asked = 0;
  const onRequest = () => {
    if (asked++ === 0) agent.drain();
    else void agent.end();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onRequest);
  const input = withStdin && fstatSync(0).isCharacterDevice() === false ? process.stdin : null;
  input?.on("end", onRequest).on("error", onRequest).resume();
  return () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, onRequest);
    input?.off("end", onRequest).off("error", onRequest).destroy();
  };
}
