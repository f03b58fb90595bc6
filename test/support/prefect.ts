/**
 * The real, unmodified Prefect client: a virtual environment in a cache folder outside the tree, made once.
 *
 * - The folder is `$MILLRACE_CACHE/prefect-<version>`, by default under `~/.cache/millrace`. It counts only when its
 *   marker is there, which is written last; several processes that want it at once wait for the one that makes it.
 * - Each run has a PREFECT_HOME of its own in the temp folder, no telemetry, and nothing of this process's PREFECT_*.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isAlive } from "./processes.ts";
import { cleanEnv } from "./server.ts";

export const PREFECT_VERSION = "3.9.1";

/** Seconds for the installation: about one minute, several on a slow line. */
const INSTALL_LIMIT = 400;

const cache = process.env.MILLRACE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "millrace");
const folder = join(cache, `prefect-${PREFECT_VERSION}`);
const marker = join(folder, "complete");
const lock = `${folder}.lock`;

/** Whether there is a python3 that can make a virtual environment. */
export function hasPython(): boolean {
  return spawnSync("python3", ["-c", "import venv, ensurepip"], { stdio: "ignore" }).status === 0;
}

/** Real-client tests are left out where there is no Python; continuous integration must have it, so there they fail. */
export const leftOut = !hasPython() && process.env.CI !== "true";

function step(command: string, args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: INSTALL_LIMIT * 1000,
  });
  if (status === 0) return;
  const why = error?.message ?? `exit ${status}`;
  throw new Error(`Setting up Prefect's client failed (${why}): ${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
}

function take(): boolean {
  try {
    mkdirSync(lock, { recursive: false });
    writeFileSync(join(lock, "pid"), String(process.pid));
    return true;
  } catch {
    const file = join(lock, "pid");
    if (existsSync(file) && !isAlive(Number(readFileSync(file, "utf8"))))
      rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

/** The folder with `prefect` and `python`; the first call of a machine installs it. */
export async function prefectBin(): Promise<string> {
  if (!hasPython()) throw new Error("Prefect's client needs python3 with venv (Debian: apt-get install python3-venv).");
  mkdirSync(cache, { recursive: true });
  const deadline = Date.now() + INSTALL_LIMIT * 1000;
  while (!existsSync(marker)) {
    if (Date.now() > deadline)
      throw new Error(`Prefect's client was not there after ${INSTALL_LIMIT} s; is ${lock} stale?`);
    if (!take()) {
      await wait(500);
      continue;
    }
    try {
      if (existsSync(marker)) break;
      rmSync(folder, { recursive: true, force: true });
      step("python3", ["-m", "venv", folder]);
      step(join(folder, "bin/pip"), [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        `prefect==${PREFECT_VERSION}`,
      ]);
      step(join(folder, "bin/python"), ["-c", "import prefect.flows"]);
      writeFileSync(marker, `${PREFECT_VERSION}\n`);
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return join(folder, "bin");
}

export interface ClientRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Seconds for one program or command of the client. */
const RUN_LIMIT = 100;

/** A program of the client that runs. */
export interface RunningClient {
  /** How it ended; killed (code null) after `RUN_LIMIT`, or the limit that it was given. */
  ended: Promise<ClientRun>;
  /** All that it printed so far. */
  output(): string;
  stop(): void;
}

/** Runs `prefect …` or `python …` of the installed client to its end. */
export const runClient = async (...how: Parameters<typeof startClient>): Promise<ClientRun> =>
  (await startClient(...how)).ended;

/** Starts `prefect …` or `python …` of the installed client. `limit`: seconds that it may go on. */
export async function startClient(
  program: "prefect" | "python",
  args: readonly string[],
  env: Record<string, string>,
  limit = RUN_LIMIT,
): Promise<RunningClient> {
  const bin = await prefectBin();
  const home = mkdtempSync(join(tmpdir(), "millrace-prefect-"));
  const child = spawn(join(bin, program), args, {
    cwd: home,
    env: cleanEnv({
      PREFECT_HOME: home,
      PREFECT_CLI_COLORS: "false",
      PREFECT_CLI_PROMPT: "false",
      PREFECT_LOGGING_COLORS: "false",
      PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: "false",
      DO_NOT_TRACK: "1",
      PYTHONUNBUFFERED: "1",
      COLUMNS: "200",
      ...env,
    }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), limit * 1000);
  const ended = new Promise<ClientRun>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  }).finally(() => {
    clearTimeout(timer);
    rmSync(home, { recursive: true, force: true });
  });
  return { ended, output: () => stdout + stderr, stop: () => void child.kill("SIGTERM") };
}
