import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { newState, type StateInput } from "../state.ts";
import { instant } from "../time.ts";
import { resumption } from "./resumption.ts";

const NOW = instant(1_795_521_600_000_000);
const KEYSET = { schema: "k1-schema", response: "k1-response" };
const SCHEMA = '{"type":"object"}';

const state = (input: StateInput) => newState(input, { id: "state-1", now: NOW });
const asking = (inputs: Record<string, string> = { "k1-schema": SCHEMA }, objection: string | null = null) => ({
  read: (key: string) => inputs[key] ?? null,
  objection: () => objection,
  now: NOW,
});
const waiting = state({ type: "PAUSED", details: { runInputKeyset: KEYSET } });

test.each(["SCHEDULED", "RUNNING", "COMPLETED"] as const)("[FR80] a %s run is not resumed", (type) => {
  expect(resumption(state({ type }), null, asking())).toMatchObject({ kind: "refuse", status: "ABORT" });
  expect(resumption(null, null, asking())).toMatchObject({ kind: "refuse", status: "ABORT" });
});

test.each([
  ["[FR80] a paused run goes on", {}, { type: "RUNNING" }],
  [
    "[FR80] a suspended run is scheduled",
    { pauseReschedule: true },
    { type: "SCHEDULED", name: "Resuming", details: { scheduledTime: NOW } },
  ],
] as const)("%s", (_case, details, expected) => {
  const paused = state({ type: "PAUSED", details });
  expect(resumption(paused, { ignored: 1 }, asking())).toEqual({ kind: "propose", state: expected, answer: null });
});

test.each([
  ["[FR81] an answer is kept under the run's own key", { name: "bob" }, '{"name":"bob"}'],
  ["[FR81] what stands for a value is put in", { name: { __prefect_kind: "json", value: '"bob"' } }, '{"name":"bob"}'],
] as [string, JsonObject, string][])("%s", (_case, given, value) => {
  expect(resumption(waiting, given, asking())).toMatchObject({ answer: { key: "k1-response", value } });
});

test("[FR81] nothing is kept where defaults are enough", () => {
  expect(resumption(waiting, null, asking())).toMatchObject({ kind: "propose", answer: null });
});

test.each([
  ["[FR81] its schema objects", { "k1-schema": SCHEMA }, "age is no number", { age: "old" }, "age is no number"],
  ["[FR81] its schema is gone", {}, null, {}, "not found"],
  ["[FR81] its schema is no JSON", { "k1-schema": "{" }, null, {}, "not valid JSON"],
  ["[FR81] its schema is no object", { "k1-schema": "7" }, null, {}, "not valid JSON"],
  ["[FR81] a value cannot be made", { "k1-schema": SCHEMA }, null, { a: { __prefect_kind: "none" } }, "hydrating"],
] as [string, Record<string, string>, string | null, JsonObject, string][])(
  "%s",
  (_case, inputs, objection, given, reason) => {
    expect(resumption(waiting, given, asking(inputs, objection))).toEqual({
      kind: "refuse",
      status: "REJECT",
      reason: expect.stringContaining(reason),
    });
  },
);
