import { expect, test } from "vitest";
import { afterExit, meantBy } from "./exit.ts";
import { NOW, sampleIds, sampleRun, sampleState } from "./sample-run.ts";

const exit = { exitCode: 3, signal: null };
const after = (run: Parameters<typeof afterExit>[0]) => afterExit(run, exit, { now: NOW, newId: sampleIds() });

test.each([
  // case                                             from                                                   becomes
  ["[FR49] a run that was running crashed", sampleState("RUNNING"), "CRASHED"],
  ["[FR49] one that had not begun crashed", sampleState("PENDING"), "CRASHED"],
  ["[FR49] one that was being cancelled is cancelled", sampleState("CANCELLING"), "CANCELLED"],
  ["[FR49] one that paused in its process crashed", sampleState("PAUSED"), "CRASHED"],
  ["[FR49] a suspended one stays", sampleState("PAUSED", { details: { pauseReschedule: true } }), "PAUSED"],
  ["[FR49] one that waits to be started anew stays", sampleState("SCHEDULED"), "SCHEDULED"],
  ["[FR49] one that has ended stays", sampleState("COMPLETED"), "COMPLETED"],
] as const)("%s", (_case, from, becomes) => {
  expect(after(sampleRun(from)).state?.type).toBe(becomes);
});

test("[FR49] a retry that waited in the process is lost with it", () => {
  const run = sampleRun(sampleState("SCHEDULED", { name: "AwaitingRetry" }), { policy: { retryType: "in_process" } });
  const { state } = after(run);
  expect(state).toMatchObject({ type: "CRASHED", message: "The process ended with code 3 before the run did." });
});

test("[FR100] a process that says it crashed while its run is being cancelled was cancelled; nothing else is taken for something else", () => {
  const crashed = { type: "CRASHED" as const, name: "Crashed", message: "SIGTERM" };
  const cancelling = sampleState("CANCELLING");
  expect(meantBy(crashed, cancelling)).toEqual({ type: "CANCELLED", name: null, message: "SIGTERM" });
  expect(meantBy(crashed, sampleState("RUNNING"))).toBe(crashed);
  const completed = { type: "COMPLETED" as const };
  expect(meantBy(completed, cancelling)).toBe(completed);
});
