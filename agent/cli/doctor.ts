import { lookup } from "node:dns/promises";
import { access, constants, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { authorization, connect } from "../sdk/api/connect.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { exposure } from "../sdk/api/trust.ts";
import { describe } from "../sdk/errors.ts";
import { settingsOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { Output } from "./output.ts";
import { toProblem } from "./problem.ts";
import { sessionOf } from "./session.ts";

const BUDGET_MS = 3_000;
/** A clock that differs by more makes certificates and tokens fail. */
const SKEW_MS = 60_000;
/** Letters of the longest name of a check. */
const WIDEST = "cache folder".length;

interface Finding {
  check: string;
  ok: boolean;
  found: string;
  fix: string | null;
}

export const command: CommandSpec = {
  description: "Looks for what is wrong between here and the server, one line for each thing it looks at.",
  examples: ["millrace doctor", "millrace doctor --pool default", "millrace doctor -o json"],
  options: {
    pool: {
      type: "string",
      value: "NAME",
      description: "the pool that an agent here would serve",
      env: "MILLRACE_POOL",
      names: "pool",
    },
  },
  async run(call) {
    const findings = await examine(call);
    if (call.out.format === "table") for (const finding of findings) tell(finding, call.out);
    else list(findings, call.out);
    return findings.every(({ ok }) => ok) ? EXIT_CODES.ok : EXIT_CODES.failed;
  },
};

/** A line for each, and what to do below it. */
function tell({ ok, check, found, fix }: Finding, out: Output): void {
  const { colours } = out;
  out.line(`${ok ? colours.green("✓") : colours.red("✗")} ${check.padEnd(WIDEST)}  ${found}`);
  if (fix !== null) out.line(`  ${" ".repeat(WIDEST)}  ${fix}`);
}

const list = (findings: readonly Finding[], out: Output): void =>
  out.list({
    rows: findings,
    columns: {
      ok: { title: "", of: (row) => (row.ok ? "✓" : "✗") },
      check: { title: "CHECK", of: (row) => row.check },
      found: { title: "FOUND", of: (row) => row.found },
      fix: { title: "FIX", of: (row) => row.fix },
    },
    name: (row) => row.check,
    empty: "",
  });

/** The checks in order; what depends on a failed one is left out. */
async function examine(call: Call): Promise<Finding[]> {
  const findings = [nodeVersion(), await cacheFolder(call)];
  const settings = await settingsOf(call).catch((error: unknown) => {
    const { message, fix = "Run `millrace login`." } = toProblem(error);
    findings.push({
      check: "settings",
      ok: false,
      found: message,
      fix: message.includes("millrace login") ? null : fix,
    });
    return null;
  });
  if (!settings) return findings;
  findings.push({ check: "settings", ok: true, found: `${settings.url} from ${settings.source}`, fix: null });
  const steps = [
    () => name(settings),
    () => server(settings),
    () => credential(settings),
    () => pool(settings, call.text("pool")),
  ];
  for (const step of steps) {
    const finding = await step();
    if (finding) findings.push(finding);
    if (finding && !finding.ok) break;
  }
  return findings;
}

function nodeVersion(): Finding {
  const ok = Number(process.versions.node.split(".")[0]) >= 20;
  return { check: "node", ok, found: process.version, fix: ok ? null : "Install Node 20 or newer." };
}

async function cacheFolder({ env }: Call): Promise<Finding> {
  const folder =
    env.MILLRACE_CACHE_HOME ?? join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), ".cache"), "millrace");
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { check: "cache folder", ok: true, found: folder, fix: null };
  } catch (error) {
    return {
      check: "cache folder",
      ok: false,
      found: describe(error),
      fix: "Set MILLRACE_CACHE_HOME to a folder that can be written.",
    };
  }
}

async function name({ url }: ApiSettings): Promise<Finding> {
  const { hostname } = new URL(url);
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ""));
    return { check: "name", ok: true, found: hostname === address ? address : `${hostname} is ${address}`, fix: null };
  } catch (error) {
    return {
      check: "name",
      ok: false,
      found: describe(error),
      fix: "Look whether the address is right, and DNS works here.",
    };
  }
}

async function server({ url, credential }: ApiSettings): Promise<Finding> {
  try {
    const began = performance.now();
    const response = await fetch(`${url}/admin/version`, {
      headers: authorization(credential),
      redirect: "manual",
      signal: AbortSignal.timeout(BUDGET_MS),
    });
    const took = Math.round(performance.now() - began);
    const date = Date.parse(response.headers.get("date") ?? "");
    const skew = Number.isNaN(date) ? 0 : Math.abs(Date.now() - date);
    if (skew > SKEW_MS) {
      return {
        check: "server",
        ok: false,
        found: `this clock is ${Math.round(skew / 1000)} s off`,
        fix: "Set this machine's clock.",
      };
    }
    const trouble = troubleWith(response);
    if (trouble) return { check: "server", ok: false, ...trouble };
    return { check: "server", ok: true, found: `answers in ${took} ms`, fix: exposure({ url, credential }) };
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return {
      check: "server",
      ok: false,
      found: cause instanceof Error ? cause.message : describe(cause),
      fix: "Look whether the server runs, and whether a proxy or firewall is between.",
    };
  }
}

/** What is wrong with an answer to a question that every API answers. Whether the key is good is another question. */
function troubleWith({ status, headers }: Response): Pick<Finding, "found" | "fix"> | null {
  if (status === 401 || status === 403) return null;
  if (status >= 500) return { found: `answers ${status}`, fix: "Look into the server's log; trying again is safe." };
  const isApi = status === 200 && headers.get("content-type")?.includes("json");
  return isApi
    ? null
    : { found: "there is no API at this address", fix: "An API's address ends in /api; `millrace login` finds it." };
}

async function credential(settings: ApiSettings): Promise<Finding> {
  try {
    const { actor, workspace } = await sessionOf(settings);
    return { check: "key", ok: true, found: `${actor.name} in ${workspace.name}`, fix: null };
  } catch (error) {
    const problem = toProblem(error);
    return { check: "key", ok: false, found: problem.message, fix: problem.fix ?? null };
  }
}

async function pool(settings: ApiSettings, wanted: string | undefined): Promise<Finding | null> {
  if (wanted === undefined) return null;
  try {
    const api = connect(settings, { budgetMs: BUDGET_MS });
    const [found, agents] = await Promise.all([
      api("GET /work_pools/{name}", { params: { name: wanted } }),
      api("GET /work_pools/{name}/agents", { params: { name: wanted } }),
    ]);
    const online = agents.filter((agent) => agent.status === "ONLINE").length;
    const ok = online > 0 || found.status === "READY";
    return {
      check: "pool",
      ok,
      found: `${found.name} is ${found.status}, with ${online} ${online === 1 ? "agent" : "agents"} online`,
      fix: ok ? null : `millrace agent start --pool ${wanted}`,
    };
  } catch (error) {
    return { check: "pool", ok: false, found: toProblem(error).message, fix: `millrace pool create ${wanted}` };
  }
}
