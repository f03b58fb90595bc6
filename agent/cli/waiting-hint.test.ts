import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client } from "../sdk/api/connect.ts";
import { tellWhyWaiting, whyWaiting } from "./waiting-hint.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const run = (changes: Partial<WireFlowRun> = {}): WireFlowRun =>
  ({
    state_type: "SCHEDULED",
    expected_start_time: "2026-11-25T11:59:59.000000Z",
    deployment_id: "a deployment",
    ...changes,
  }) as WireFlowRun;

/** A server that finds this in the run's way. */
const finding = (message: string | null, fix: string | null = null): Client => {
  const due = { name: "due", verdict: "passed", message: "The run is due.", fix: null };
  const way = { name: "agents", verdict: "blocked", message, fix };
  return (async () => ({
    waits_for: message && "agents",
    checks: message === null ? [due] : [due, way],
  })) as never;
};
const agents = () => finding("No agent of this pool is connected.", "Start one: millrace agent start --pool mill");

test.each([
  [
    "[CL31] with what to do",
    agents(),
    "No agent of this pool is connected. Start one: millrace agent start --pool mill",
  ],
  ["[CL31] where nothing is to be done", finding("It is being looked for."), "It is being looked for."],
] as const)("%s: whoever follows a run that is due is told why it waits", async (_case, api, expected) => {
  expect(await whyWaiting(api, run(), NOW)).toBe(expected);
});

test.each([
  ["[CL31] nothing is in its way", run(), finding(null)],
  ["[CL31] it is not due", run({ expected_start_time: "2026-11-25T12:00:01.000000Z" }), agents()],
  ["[CL31] it runs", run({ state_type: "RUNNING" }), agents()],
  ["[CL31] it is a program's own", run({ deployment_id: null }), agents()],
] as const)("nothing is said where %s", async (_case, waiting, api) => {
  expect(await whyWaiting(api, waiting, NOW)).toBeNull();
});

test("[CL31] it is told once, after a while, and not where the server does not answer", async () => {
  const said: string[] = [];
  tellWhyWaiting(agents(), run, (text) => said.push(text));
  await vi.advanceTimersByTimeAsync(2_999);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toHaveLength(1);
  tellWhyWaiting((() => Promise.reject(new Error("away"))) as never, run, (text) => said.push(text));
  tellWhyWaiting(agents(), run, (text) => said.push(text))();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toHaveLength(1);
});
