/** A Millrace server of the bench's own, started as `npm start` starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { processTree } from "../test/support/processes.ts";
import type { Target } from "./target.ts";

const ROOT = join(import.meta.dirname, "..");

/** Seconds for a start. */
const LIMIT = 120;

export interface MillraceServer {
  target: Target;
  apiUrl: string;
  apiKey: string;
  /** Seconds from the command to `ready`. */
  startUp: number;
  pid: number;
  /** The last lines that it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** What `npm start` runs. */
const START = join(ROOT, "workers/local/start.sh");

/** Starts a server on a state folder, with or without its agent. `env` is added to the bench's own environment. */
export async function startMillrace(
  state: string,
  agent: boolean,
  env: Record<string, string> = {},
): Promise<MillraceServer> {
  const started = performance.now();
  const child = spawn("sh", [START, "--port", "0", "--state", state, "--no-open", ...(agent ? [] : ["--no-agent"])], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const endWithUs = () => child.kill("SIGTERM");
  process.once("exit", endWithUs);
  const lines: string[] = [];
  await untilReady(child, lines);
  const startUp = (performance.now() - started) / 1000;
  const local = JSON.parse(readFileSync(join(state, "local.json"), "utf8")) as {
    url: string;
    api_url: string;
    api_key: string;
  };
  const url = new URL(local.api_url);
  const pid = child.pid as number;
  return {
    target: {
      name: "millrace",
      host: url.hostname,
      port: Number(url.port),
      base: url.pathname,
      authorization: `Bearer ${local.api_key}`,
      token: local.api_key,
      mayBeBusy: false,
      pids: () => processTree(pid),
    },
    apiUrl: local.api_url,
    apiKey: local.api_key,
    startUp,
    pid,
    output: () => lines.join("\n"),
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => {
          process.off("exit", endWithUs);
          resolve();
        });
        child.kill("SIGTERM");
      }),
  };
}

function untilReady(child: ChildProcess, lines: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready after ${LIMIT} s`), LIMIT * 1000);
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGTERM");
      reject(new Error(`The server ${why}:\n${lines.join("\n")}`));
    };
    child.once("exit", (code) => fail(`ended with ${code}`));
    child.once("error", (error) => fail(error.message));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (lines.length > 40) lines.shift();
        if (!line.startsWith("ready ")) return;
        clearTimeout(timer);
        child.removeAllListeners("exit");
        resolve();
      });
    }
  });
}
