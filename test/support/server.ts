/**
 * The real service for a test: `node workers/local/start.ts` on a free port, its state in a folder of its own.
 *
 * - A start resolves when the service says `ready <url>`. One that does not come up rejects with its last output.
 * - `stop` asks (SIGTERM) and waits; `kill` ends every process of it at once, as a power cut would; after either,
 *   `restart` brings it up on the same state and port.
 * - State folders that this file made are removed with the test process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../gates/tree.ts";
import { isAlive, killNow, processTree } from "./processes.ts";

/** What the service wrote to <state>/local.json. */
export interface Local {
  url: string;
  api_url: string;
  api_key: string;
  account_id: string;
  workspace_id: string;
}

export interface ServerOptions {
  /** State folder; one in the temp folder by default. */
  state?: string;
  /** Put the state into memory (/dev/shm), where the processor and not the disk decides. */
  tmpfs?: boolean;
  env?: Record<string, string>;
  /** Whether to start the agent too. Off by default. */
  agent?: boolean;
  port?: number;
}

export interface Server {
  readonly local: Local;
  readonly port: number;
  readonly state: string;
  /** Processes of the service, its starter first. */
  pids(): number[];
  /** Ends it with SIGTERM. Rejects when it has to be killed, or leaves a process behind. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<Server>;
  /** All that it printed. */
  output(): string;
}

/** Seconds from start to `ready` before a start has failed; the goal is 6, a busy machine needs more. */
const START_LIMIT = 90;
/** Seconds for an orderly end. */
const STOP_LIMIT = 20;
/** Lines of output to keep for messages. */
const KEPT = 60;

const owned = new Set<string>();
const running = new Set<number>();
process.once("exit", () => {
  for (const pid of running) killNow(processTree(pid));
  for (const folder of owned) rmSync(folder, { recursive: true, force: true });
});

function makeState(tmpfs: boolean): string {
  const base = tmpfs && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(base, "millrace-state-"));
  owned.add(folder);
  return folder;
}

/** This process's environment without what would steer the service or a Prefect client. */
export function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MILLRACE|PREFECT)_/.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...extra };
}

let started = 0;

/** Resolves with the port when the service is ready. */
function untilReady(child: ChildProcess, lines: string[], log: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      if (child.pid !== undefined) killNow(processTree(child.pid));
      reject(new Error(`The service ${why}. Its output (${log}):\n${lines.join("\n")}`));
    };
    const timer = setTimeout(() => fail(`was not ready after ${START_LIMIT} s`), START_LIMIT * 1000);
    const exited = (code: number | null, signal: string | null) =>
      fail(`ended with ${signal ?? `code ${code}`} before it was ready`);
    child.once("exit", exited);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        appendFileSync(log, `${line}\n`);
        lines.push(line);
        if (lines.length > KEPT) lines.shift();
        const url = /^ready (http\S+)$/.exec(line)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        child.off("exit", exited);
        resolve(url);
      });
    }
  });
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once("exit", () => resolve()));

/** Starts the service and resolves when it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const state = options.state ?? makeState(options.tmpfs ?? false);
  const logs = join(ROOT, "test-output/servers");
  mkdirSync(logs, { recursive: true });
  started += 1;
  const log = join(logs, `${process.pid}-${started}.log`);
  const args = [
    join(ROOT, "workers/local/start.ts"),
    "--port",
    String(options.port ?? 0),
    "--state",
    state,
    "--no-open",
  ];
  if (!options.agent) args.push("--no-agent");
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: cleanEnv(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const url = await untilReady(child, lines, log);
  const pid = child.pid as number;
  running.add(pid);
  const local = JSON.parse(readFileSync(join(state, "local.json"), "utf8")) as Local;
  const port = Number(new URL(url).port);

  const kill = async () => {
    killNow(processTree(pid));
    await ended(child);
    running.delete(pid);
  };
  return {
    local,
    port,
    state,
    pids: () => processTree(pid),
    output: () => readFileSync(log, "utf8"),
    kill,
    async stop() {
      const tree = processTree(pid);
      child.kill("SIGTERM");
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        killNow(processTree(pid));
      }, STOP_LIMIT * 1000);
      await ended(child);
      clearTimeout(timer);
      running.delete(pid);
      const left = tree.filter(isAlive);
      killNow(left);
      if (late)
        throw new Error(`The service did not end within ${STOP_LIMIT} s of SIGTERM. Its output:\n${lines.join("\n")}`);
      if (left.length > 0) throw new Error(`The service ended and left processes behind: ${left.join(", ")}`);
    },
    async restart() {
      await kill();
      return startServer({ ...options, state, port });
    },
  };
}
