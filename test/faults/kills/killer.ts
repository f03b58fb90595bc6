/** Kills with SIGKILL what serves: workerd alone, which the host starts again, or the host with all that it started. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { killNow } from "../../support/processes.ts";
import type { Server } from "../../support/server.ts";

/** Seconds for a killed workerd to be up again. */
const UP_AGAIN = 30;

/** The process that runs the Worker. */
export function workerdOf(server: Server): number {
  const found = server.pids().find((pid) => commandOf(pid).includes("workerd serve"));
  if (found === undefined) throw new Error("No workerd runs.");
  return found;
}

/** Kills workerd, and resolves when the API answers again. Rejects where it does not. */
export async function killWorkerd(server: Server): Promise<void> {
  const killed = workerdOf(server);
  killNow([killed]);
  const deadline = Date.now() + UP_AGAIN * 1000;
  for (;;) {
    try {
      const answer = await fetch(`${server.local.url}/api/health`, { signal: AbortSignal.timeout(1000) });
      if (answer.ok && workerdOf(server) !== killed) return;
    } catch {
      // not yet
    }
    if (Date.now() > deadline) {
      const output = server.output().split("\n").slice(-20).join("\n");
      throw new Error(`workerd was killed, and ${UP_AGAIN} s later the API does not answer. The host says:\n${output}`);
    }
    await wait(20);
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
