import fc from "fast-check";
import { expect, test } from "vitest";
import type { Log } from "../log.ts";
import { instant } from "../time.ts";
import { type LogFilter, matchesLog } from "./logs.ts";
import { parseTextSearch } from "./text-search.ts";

const log: Log = {
  id: "log-1",
  name: "prefect.flow_runs",
  level: 30,
  message: "Connection timeout after 3 s; Grüße an C:\\temp",
  timestamp: instant(10),
  flowRunId: "run-1",
  taskRunId: null,
};

test.each<[string, LogFilter, boolean]>([
  ["nothing", {}, true],
  ["level at least", { level: { ge_: 30 } }, true],
  ["level at most", { level: { le_: 20 } }, false],
  ["time", { timestamp: { after_: instant(10), before_: instant(10) } }, true],
  ["flow run", { flow_run_id: { any_: ["run-2"] } }, false],
  ["task run", { task_run_id: { any_: ["task-1"] } }, false],
  ["no task run", { task_run_id: { is_null_: true } }, true],
  ["either", { operator: "or_", level: { ge_: 50 }, flow_run_id: { any_: ["run-1"] } }, true],
  ["text and level", { level: { ge_: 50 }, text: { query: "timeout" } }, false],
])("[FI10] by %s", (_case, filter, expected) => {
  expect(matchesLog(filter, log)).toBe(expected);
});

test.each([
  ["timeout", true],
  ["TIMEOUT", true],
  ["grüsse GRÜSSE grüße", true],
  ["refused", false],
  ["refused timeout", true],
  ["timeout -connection", false],
  ["timeout !refused", true],
  ["+timeout +refused", false],
  ["refused +timeout", false],
  ['"connection timeout"', true],
  ['"timeout connection"', false],
  ['-"connection timeout"', false],
  ["flow_runs", true],
  ['"c:\\\\temp"', true],
  ["", true],
  ["   ", true],
])("[FI11] %j", (query, expected) => {
  expect(matchesLog({ text: { query } }, log)).toBe(expected);
});

test("[FI11] under «or» each kind of word is a condition of its own", () => {
  expect(matchesLog({ operator: "or_", text: { query: "refused -nothing" } }, log)).toBe(true);
});

test.each([
  ["a b", { include: ["a", "b"], exclude: [], require: [] }],
  ["A -B !c +d", { include: ["a"], exclude: ["b", "c"], require: ["d"] }],
  ["- a + ! b -", { include: ["a", "b"], exclude: [], require: [] }],
  ["--a", { include: [], exclude: ["-a"], require: [] }],
  ["a-b", { include: ["a-b"], exclude: [], require: [] }],
  ['a"b c"d', { include: ["a", "b c", "d"], exclude: [], require: [] }],
  ['"a \\"b\\" \\\\ \\n"', { include: ['a "b" \\ \\n'], exclude: [], require: [] }],
  ['"never closed', { include: ["never closed"], exclude: [], require: [] }],
  ['"ends so \\', { include: ["ends so \\"], exclude: [], require: [] }],
  ['"" "  " -""', { include: [], exclude: [], require: [] }],
])("[FI11] %j is read", (query, expected) => {
  expect(parseTextSearch(query)).toEqual(expected);
});

test("[FI11] a phrase that occurs is found, whatever it holds", () => {
  const visible = fc.string({ unit: "grapheme-ascii", minLength: 1 }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(visible, (phrase) => {
      const query = `+"${phrase.replace(/["\\]/g, "\\$&")}"`;
      expect(matchesLog({ text: { query } }, { ...log, message: `before ${phrase} behind` })).toBe(true);
    }),
  );
});
