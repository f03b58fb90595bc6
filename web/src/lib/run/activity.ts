/** The latest runs of many things at once: of each flow, of each deployment. One call for all of them. */
import type { Client } from "../api.ts";
import { lookOfState } from "../state/state-look.ts";
import { type RunRow, runRow } from "./run-row.ts";

/** Runs of one thing that are shown. */
export const MOST_SHOWN = 12;
/** Runs that are asked for, of all things together: the wire's own limit. */
const ASKED = 200;

export type Activity = Record<string, RunRow[]>;

interface Scope {
  flows?: { id: { any_: string[] } };
  deployments?: { id: { any_: string[] } };
  work_pools?: { name: { any_: string[] } };
}

/** Latest runs by what `keyOf` says they belong to, newest first. What is not due yet is left out. */
export async function loadActivity(
  api: Client,
  scope: Scope,
  keyOf: (run: RunRow) => string | null,
): Promise<Activity> {
  const flow_runs = { state: { type: { not_any_: ["SCHEDULED" as const] } } };
  const body = { ...scope, flow_runs, sort: "EXPECTED_START_TIME_DESC", limit: ASKED } as const;
  return byKey((await api("POST /flow_runs/filter", { body })).map(runRow), keyOf);
}

export function byKey(runs: readonly RunRow[], keyOf: (run: RunRow) => string | null): Activity {
  const found: Activity = {};
  for (const run of runs) {
    const key = keyOf(run);
    if (key === null) continue;
    found[key] ??= [];
    if (found[key].length < MOST_SHOWN) found[key].push(run);
  }
  return found;
}

/** «Last 3 runs: 2 Completed, 1 Failed». */
export function tellActivity(runs: readonly RunRow[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const { word } = lookOfState(run.state);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
  return runs.length === 1 ? `Last run: ${[...counts.keys()][0]}` : `Last ${runs.length} runs: ${parts}`;
}

/** How high each run's bar is, 0 to 1: by how long it worked, beside the longest of them. */
export function heights(runs: readonly RunRow[]): number[] {
  const longest = Math.max(1, ...runs.map(({ ran }) => ran));
  return runs.map(({ ran }) => 0.4 + 0.6 * (ran / longest));
}
