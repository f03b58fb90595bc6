/**
 * Runs one command to its end, its whole output in a log file.
 *
 * - The command is the leader of a process group of its own; when it ends, times out or this process is told to stop,
 *   what is left of the group is killed. Nothing that a test started outlives its command.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

export interface Ended {
  /** Exit code; null when the command was killed. */
  code: number | null;
  timedOut: boolean;
  seconds: number;
}

const groups = new Set<number>();

/** Kills what is left of a process group. A group that is gone is no error. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // the group is gone already
  }
}

/** Ends every command still running, for the handlers of SIGINT and SIGTERM. */
export function killAll(): void {
  for (const pid of groups) killGroup(pid);
}

/** Runs `argv` and appends stdout and stderr to `log`. Never rejects: a command that cannot be started has code 127. */
export function runCommand(
  argv: readonly string[],
  options: { log: string; cwd?: string; env?: Record<string, string | undefined>; timeoutSeconds: number },
): Promise<Ended> {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, "a");
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(argv[0] as string, argv.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", log, log],
      detached: true,
    });
    const pid = child.pid;
    if (pid !== undefined) groups.add(pid);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      if (pid !== undefined) killGroup(pid);
    }, options.timeoutSeconds * 1000);
    const done = (code: number | null) => {
      clearTimeout(timer);
      closeSync(log);
      if (pid !== undefined) {
        killGroup(pid);
        groups.delete(pid);
      }
      resolve({ code, timedOut, seconds: (performance.now() - started) / 1000 });
    };
    child.once("error", () => done(127));
    child.once("exit", (code) => done(code));
  });
}
