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
    work_pool_name: "mill",
    ...changes,
  }) as WireFlowRun;

const agents = (...statuses: string[]): Client => (async () => statuses.map((status) => ({ status }))) as never;

test.each([
  ["[CL31] no agent at all", run(), agents(), /none of pool mill is connected: millrace agent start --pool mill/],
  ["[CL31] agents that are away", run(), agents("OFFLINE", "OFFLINE"), /none of pool mill/],
  ["[CL31] no pool", run({ work_pool_name: null }), agents("ONLINE"), /has no work pool/],
] as const)("%s is why a run waits", async (_case, waiting, api, expected) => {
  expect(await whyWaiting(api, waiting, NOW)).toMatch(expected);
});

test.each([
  ["[CL31] an agent is there", run(), agents("OFFLINE", "ONLINE")],
  ["[CL31] it is not due", run({ expected_start_time: "2026-11-25T12:00:01.000000Z" }), agents()],
  ["[CL31] it runs", run({ state_type: "RUNNING" }), agents()],
  ["[CL31] it is a program's own", run({ work_pool_name: null, deployment_id: null }), agents()],
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
