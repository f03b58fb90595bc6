/**
 * The limit of open files. Every live object holds three (database, log, shared memory) until ten seconds after its
 * last use, so the limit is the ceiling of how many runs may be in motion at once.
 *
 * Node raises its own soft limit to the hard one at start, and workerd.sh does it again for what it becomes.
 */
import { readFileSync } from "node:fs";

/** Files that the server needs beside its objects: sockets, databases, the bundle. */
const RESERVE = 2_000;
const FILES_PER_OBJECT = 3;
/** Below this many objects a busy day of one team may not fit: 500 runs a second for ten seconds. */
const COMFORTABLE = 5_000;

/** The hard limit as `/proc/<pid>/limits` tells it; null when there is none, or no such file. */
export function hardLimit(limits = readLimits()): number | null {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === "unlimited" ? null : Number(hard);
}

function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

/** How many objects may live at once under a hard limit; null for as many as there are. */
export function objectBudget(limit: number | null): number | null {
  return limit === null ? null : Math.max(1, Math.floor((limit - RESERVE) / FILES_PER_OBJECT));
}

/** What to tell the operator of a low limit; null when it is high enough. */
export function limitWarning(limit: number | null): string | null {
  const budget = objectBudget(limit);
  if (budget === null || budget >= COMFORTABLE) return null;
  return `Only ${limit} files may be open at once (hard limit), which is about ${budget} runs in motion; raise it with \`ulimit -Hn\`, or LimitNOFILE= of a systemd unit.`;
}
