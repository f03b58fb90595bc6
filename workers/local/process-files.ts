/** The folder of process ids: which parts run, for the guardian and for the next start. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { readIfThere } from "./private-file.ts";
import { StartProblem } from "./problem.ts";

/** Seconds for a killed process to be gone. */
const LIMIT = 10;

export function noteProcess(folder: string, part: string, pid: number): void {
  writeFileSync(join(folder, part), `${pid}\n`, { mode: 0o600 });
}

export function forgetProcess(folder: string, part: string): void {
  rmSync(join(folder, part), { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The command line of a process, or "" when it is gone. */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-p", String(pid), "-o", "command="], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}

/**
 * Kills what an earlier server left running on this state, when that server and its guardian were killed together.
 * `marks` says by part how its command line is known: an id may have gone to another program since.
 */
export async function endLeftBehind(folder: string, marks: Readonly<Record<string, string>>): Promise<void> {
  for (const part of readdirSync(folder)) {
    const pid = Number(readIfThere(join(folder, part)));
    const mark = marks[part];
    if (pid > 0 && mark !== undefined && commandOf(pid).includes(mark)) {
      process.kill(pid, "SIGKILL");
      const deadline = Date.now() + LIMIT * 1000;
      while (isAlive(pid) && commandOf(pid).includes(mark)) {
        if (Date.now() > deadline)
          throw new StartProblem(
            `Process ${pid}, the ${part} of an earlier server on this state, does not end: end it, then start again.`,
          );
        await wait(20);
      }
    }
    forgetProcess(folder, part);
  }
}
