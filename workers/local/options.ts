/**
 * What the command line and the environment say. A flag wins over its variable; nothing else is read from either.
 * Everything wrong is a `StartProblem` with code 2 whose sentence names the flag or variable as it was given.
 */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseNetwork } from "@millrace/domain/access/network.ts";
import { StartProblem } from "./problem.ts";

export interface Options {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Absolute path of the state folder. */
  state: string;
  agent: boolean;
  open: boolean;
  localSignIn: boolean;
  /** Networks, with commas between, of proxies that are believed when they say who asks. */
  trustedProxies: string;
  liftAllowList: boolean;
  help: boolean;
}

const FLAGS = {
  host: "string",
  port: "string",
  state: "string",
  "no-agent": "boolean",
  "no-open": "boolean",
  "no-local-sign-in": "boolean",
  "trusted-proxies": "string",
  "lift-allow-list": "boolean",
} as const;
type Flag = keyof typeof FLAGS;

/** The help page. */
export const USAGE = `Usage: npm start -- [options]

Runs the whole service on this machine: the API, the web app and one agent.

  --host ADDRESS       IP address to listen on (MILLRACE_HOST, default 127.0.0.1)
  --port PORT          port to listen on, 0 for any free one (MILLRACE_PORT, default 4200)
  --state FOLDER       where everything is kept (MILLRACE_STATE, default .millrace)
  --no-agent           start no agent (MILLRACE_NO_AGENT=1)
  --no-open            open no browser (MILLRACE_NO_OPEN=1)
  --no-local-sign-in   ask for an API key even on this machine (MILLRACE_NO_LOCAL_SIGN_IN=1)
  --trusted-proxies IPS
                       proxies that say in X-Forwarded-For who asks: addresses or networks, with commas between
                       (MILLRACE_TRUSTED_PROXIES)
  --lift-allow-list    let people in from every address again (MILLRACE_LIFT_ALLOW_LIST=1)
  --help               this page`;

const variableOf = (flag: Flag) => `MILLRACE_${flag.toUpperCase().replaceAll("-", "_")}`;

interface Given {
  value: string | true;
  /** How its giver wrote it. */
  as: string;
}

/** Reads flags and variables. Relative folders are taken from `cwd`. */
export function readOptions(argv: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Options {
  const flags = readFlags(argv);
  if (flags.help === true) return { ...settle({}, {}, cwd), help: true };
  return settle(flags, env, cwd);
}

function settle(flags: Partial<Record<Flag, string | true>>, env: NodeJS.ProcessEnv, cwd: string): Options {
  const given = (flag: Flag): Given | null => {
    const value = flags[flag];
    if (value !== undefined) return { value, as: `--${flag}` };
    const fromEnv = env[variableOf(flag)];
    return fromEnv === undefined || fromEnv === "" ? null : { value: fromEnv, as: variableOf(flag) };
  };
  return {
    host: readHost(given("host")),
    port: readPort(given("port")),
    state: resolve(cwd, readFolder(given("state"))),
    agent: !readSwitch(given("no-agent")),
    open: !readSwitch(given("no-open")),
    localSignIn: !readSwitch(given("no-local-sign-in")),
    trustedProxies: readNetworks(given("trusted-proxies")),
    liftAllowList: readSwitch(given("lift-allow-list")),
    help: false,
  };
}

function readFlags(argv: readonly string[]): Partial<Record<Flag | "help", string | true>> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.entries(FLAGS).map(([flag, type]) => [flag, { type }])),
      help: { type: "boolean", short: "h" },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const read: Partial<Record<Flag | "help", string | true>> = {};
  for (const token of tokens) {
    if (token.kind === "positional")
      throw new StartProblem(`"${token.value}" is no option; npm start -- --help lists them.`, 2);
    if (token.kind !== "option") continue;
    if (token.name === "help") {
      read.help = true;
      continue;
    }
    if (!Object.hasOwn(FLAGS, token.name))
      throw new StartProblem(`There is no option ${token.rawName}; npm start -- --help lists them.`, 2);
    const flag = token.name as Flag;
    if (FLAGS[flag] === "boolean") {
      if (token.value !== undefined) throw new StartProblem(`--${flag} takes no value, but has "${token.value}".`, 2);
      read[flag] = true;
    } else {
      if (token.value === undefined || token.value === "") throw new StartProblem(`--${flag} needs a value.`, 2);
      read[flag] = token.value;
    }
  }
  return read;
}

function readHost(given: Given | null): string {
  if (given === null) return "127.0.0.1";
  const host = given.value === "localhost" ? "127.0.0.1" : String(given.value);
  if (isIP(host) === 0)
    throw new StartProblem(`${given.as} takes an IP address such as 127.0.0.1 or 0.0.0.0, not "${given.value}".`, 2);
  return host;
}

function readPort(given: Given | null): number {
  if (given === null) return 4200;
  const port = /^\d{1,5}$/.test(String(given.value)) ? Number(given.value) : Number.NaN;
  if (!(port <= 65_535))
    throw new StartProblem(`${given.as} takes a whole number from 0 to 65535, not "${given.value}".`, 2);
  return port;
}

function readFolder(given: Given | null): string {
  if (given === null) return ".millrace";
  const folder = String(given.value);
  if (folder.includes("\0")) throw new StartProblem(`${given.as} takes a folder's path, without a NUL.`, 2);
  return folder;
}

function readNetworks(given: Given | null): string {
  const parts = given === null ? [] : String(given.value).split(",");
  for (const part of parts) {
    const network = parseNetwork(part);
    if (typeof network === "string") throw new StartProblem(`${given?.as} has "${part.trim()}": ${network}.`, 2);
  }
  return parts.map((part) => part.trim()).join(",");
}

function readSwitch(given: Given | null): boolean {
  if (given === null) return false;
  if (given.value === true || /^(1|true|yes|on)$/i.test(given.value)) return true;
  if (/^(0|false|no|off)$/i.test(given.value)) return false;
  throw new StartProblem(`${given.as} takes 1 or 0, not "${given.value}".`, 2);
}
