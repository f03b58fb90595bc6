/**
 * A Python flow from its trigger to its first line: through our agent on our server, and through Prefect's own worker on Prefect's own
 * server, by the same requests in the same minutes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hasPython, prefectBin } from "../test/support/prefect.ts";
import { processTree } from "../test/support/processes.ts";
import { cleanEnv } from "../test/support/server.ts";
import { startMillrace } from "./millrace-server.ts";
import { peerAt } from "./peer.ts";
import type { Plan } from "./plan.ts";
import { type Attempt, factRow, rowOf } from "./row.ts";
import { PYTHON_LINE } from "./row-names.ts";
import type { Target } from "./target.ts";
import { makePool } from "./workloads/dispatch.ts";
import { firstLines, pythonFirstLine } from "./workloads/first-line.ts";

/** The pool of the agent that comes with a server. */
const OURS = "default";
const THEIRS = "bench-worker";
/** Milliseconds in which a used process is replaced: a Python process needs two seconds until it waits. */
const REPLACED = 3_000;
/** Seconds between two polls of Prefect's worker: as it comes, and the least that it takes. */
const QUERY_SECONDS = [10, 1];
/** Milliseconds for Prefect's server to answer. */
const PATIENCE = 90_000;

export async function measurePython(where: string, folder: string, plan: Plan, attempt: Attempt): Promise<void> {
  if (!hasPython()) return attempt(PYTHON_LINE, async () => factRow(PYTHON_LINE, where, "not measured: no python3"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const bin = await prefectBin();
  try {
    await attempt(PYTHON_LINE, async () => {
      const server = await startMillrace(join(folder, "state"), true, { MILLRACE_PYTHON: join(bin, "python") });
      try {
        const id = await pythonFirstLine(server.target, OURS);
        const sample = await firstLines(server.target, id, folder, plan.pythonFirstLine, REPLACED);
        return rowOf(PYTHON_LINE, "millrace", where, "run", sample, "our agent, a process that waited");
      } finally {
        await server.stop();
      }
    });
    for (const seconds of QUERY_SECONDS) {
      const name = `${PYTHON_LINE}, Prefect's worker that polls every ${seconds} s`;
      await attempt(name, () =>
        withPrefect(bin, join(folder, `prefect-${seconds}`), seconds, async (target) => {
          const id = await pythonFirstLine(target, THEIRS);
          const sample = await firstLines(target, id, folder, plan.workerFirstLine, 0);
          return rowOf(name, "prefect", where, "run", sample, "Prefect's own server");
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prefect's server with a worker, until the work is done. */
async function withPrefect<T>(
  bin: string,
  home: string,
  seconds: number,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const url = `http://127.0.0.1:${await freePort()}/api`;
  const env = cleanEnv({
    PREFECT_HOME: home,
    PREFECT_API_URL: url,
    PREFECT_SERVER_ANALYTICS_ENABLED: "false",
    PREFECT_WORKER_QUERY_SECONDS: String(seconds),
  });
  const children: ChildProcess[] = [];
  const start = (...args: string[]) => {
    const child = spawn(join(bin, "prefect"), args, { cwd: home, env, stdio: "ignore", detached: true });
    children.push(child);
    return child;
  };
  const pids = () => children.flatMap(({ pid }) => (pid === undefined ? [] : processTree(pid)));
  mkdirSync(home, { recursive: true });
  const endWithUs = () => {
    for (const { pid } of children) if (pid !== undefined) end(pid, "SIGKILL");
  };
  process.once("exit", endWithUs);
  try {
    start("server", "start", "--host", "127.0.0.1", "--port", new URL(url).port);
    await untilHealthy(url);
    const target = { ...peerAt(new URL(url), null), pids };
    await makePool(target, THEIRS);
    start("worker", "start", "--pool", THEIRS, "--type", "process", "--name", "bench");
    return await work(target);
  } finally {
    for (const child of children.reverse()) await ended(child);
    process.off("exit", endWithUs);
  }
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await fetch(`${url}/health`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`Prefect's server did not answer within ${PATIENCE / 1000} s.`);
    await wait(200);
  }
}

/** Asks the process group to end; a server of Prefect's that does not is killed. */
async function ended(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  end(pid, "SIGTERM");
  await Promise.race([gone, wait(8_000)]);
  end(pid, "SIGKILL");
}

function end(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Ended already.
  }
}

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("No port")),
      );
    });
  });
}
