/** One test per recorded exchange; the recordings of a group follow one another in one workspace. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { differences } from "./differences.ts";
import { Mapping } from "./mapping.ts";
import { recordedTaskRuns } from "./recorded-task-runs.ts";
import { type Line, readRecording, routeOf, type Value } from "./recording.ts";
import { Replay } from "./replay.ts";
import { openTargets, type Target, type Targets } from "./target.ts";

/** `cli` lists what the two before it made. */
const GROUPS = [["s01", "s02", "cli"], ["s03"], ["s04"], ["s05"], ["s07"], ["s08"], ["s09"]];

/**
 * Milliseconds by which a recorded session is put into the future, so that what its client did later is later than what the server
 * does while the replay runs, which is slower.
 */
const AHEAD = 10_000;

/** Milliseconds for an event to become a task run that can be read. */
const RECORDED_WITHIN = { timeout: 10_000, interval: 50 };

let targets: Targets;
const used = new Set<string>();

beforeAll(async () => {
  targets = await openTargets();
});
afterAll(() => targets.close());

function title(line: Line): string {
  if (line.kind === "exchange") return `${routeOf(line)} → ${line.status}`;
  const frame = line.frame as Record<string, Value> | null;
  return `socket ${line.event} ${line.path.replace(/^\/api/, "")} ${frame?.event ?? frame?.type ?? line.code ?? ""}`.trimEnd();
}

/** When a run is due that somebody asks for: that is now, lest it waits, or is late. */
function dueOf(line: Line): string | null {
  if (line.kind !== "exchange" || !line.path.endsWith("/create_flow_run")) return null;
  const { state } = line.request as { state?: { state_details?: { scheduled_time?: string | null } } };
  return state?.state_details?.scheduled_time ?? null;
}

const firstTime = (lines: Line[]): string => {
  const found = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/.exec(JSON.stringify(lines));
  return found?.[0] ?? "2026-01-01T00:00:00.000000Z";
};

describe.each(GROUPS.map((group) => ({ group })))("$group", ({ group }) => {
  let target: Target;
  const mapping = new Mapping();
  beforeAll(async () => {
    target = await targets.workspace();
  });

  describe.each(group)("%s", (name) => {
    const lines = readRecording(name);
    let replay: Replay;
    beforeAll(() => {
      // A schedule's anchor lies in the past, as it did.
      const ahead = lines.some((line) => dueOf(line) !== null) ? -AHEAD : AHEAD;
      mapping.begin(firstTime(lines), Date.now() + ahead);
      replay = new Replay(target, mapping);
    });
    afterAll(() => replay.close());

    for (const line of lines) {
      test(`[CF1] ${name}:${line.line} ${title(line)}`, async () => {
        const due = dueOf(line);
        if (due !== null) mapping.begin(due);
        const on = line.kind === "exchange" ? routeOf(line) : `socket ${line.path.replace(/^\/api/, "")}`;
        const unknown = (await replay.send(line)).filter(({ at }) => {
          const known = differences.find((one) => one.on === on && one.at === at);
          if (known !== undefined) used.add(`${known.on} ${known.at}`);
          return known === undefined;
        });
        expect(unknown).toEqual([]);
      });
    }

    for (const recorded of recordedTaskRuns(lines)) {
      test(`[CF2] ${name} ${recorded.name} is recorded as ${recorded.state_name}`, async () => {
        const headers: Record<string, string> = target.key === null ? {} : { authorization: `Bearer ${target.key}` };
        await vi.waitFor(async () => {
          const response = await fetch(`${target.base}/task_runs/${mapping.id(recorded.id)}`, { headers });
          expect(await response.json()).toMatchObject(mapping.toLive(recorded as unknown as Value) as object);
          expect(response.status).toBe(200);
        }, RECORDED_WITHIN);
      });
    }
  });
});

test("[CF1] every listed difference is still one", () => {
  expect(differences.map(({ on, at }) => `${on} ${at}`).filter((one) => !used.has(one))).toEqual([]);
});
