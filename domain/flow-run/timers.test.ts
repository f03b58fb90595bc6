import { expect, test } from "vitest";
import { at, sampleRun, sampleState } from "./sample-run.ts";
import { beaten, elapsed, type Heartbeat, silentBy, TIMEOUT_LABEL, type Timer, timersOf } from "./timers.ts";

const scheduled = (due: number, name?: string) =>
  sampleState("SCHEDULED", { ...(name && { name }), timestamp: at(0), details: { scheduledTime: at(due) } });
const paused = (timeout: number | null) =>
  sampleState("PAUSED", { details: { pauseTimeout: timeout === null ? null : at(timeout) } });
const labelled = { labels: { [TIMEOUT_LABEL]: 60 } };

test.each([
  ["[FR70] due later", sampleRun(scheduled(100)), { late: at(115) }],
  ["[FR70] due before it was scheduled", sampleRun(scheduled(-100)), { late: at(15) }],
  ["[FR70] waits for its retry", sampleRun(scheduled(10, "AwaitingRetry")), {}],
  ["[FR70] is Late already", sampleRun(scheduled(10, "Late")), {}],
  ["[FR71] paused for a time", sampleRun(paused(30)), { pause: at(30) + 1 }],
  ["[FR71] paused for ever", sampleRun(paused(null)), {}],
  ["[FR72] is being cancelled", sampleRun(sampleState("CANCELLING", { timestamp: at(0) })), { cancelling: at(300) }],
  ["[FR73] runs for a time", sampleRun(sampleState("RUNNING", { timestamp: at(0) }), labelled), { timeout: at(75) }],
  ["[FR73] runs as long as it likes", sampleRun(sampleState("RUNNING")), {}],
  ["[FR73] has ended", sampleRun(sampleState("COMPLETED"), labelled), {}],
])("%s", (_case, run, timers) => {
  expect(timersOf(run)).toEqual(timers);
});

const late = sampleRun(scheduled(0), { nextScheduledStartTime: at(0) });
const running = sampleRun(sampleState("RUNNING"), labelled);
const cancelling = sampleRun(sampleState("CANCELLING"));
const beat = (seconds: number, every: number | null = 30): Heartbeat => ({ at: at(seconds), every });

test.each([
  ["[FR70] nobody started it", "late", late, 15, 15, null, "enter Late"],
  ["[FR70] the timer rang too late to tell", "late", late, 15, 21, null, "again 36"],
  ["[FR70] it was started", "late", running, 15, 15, null, "nothing"],
  ["[FR71] the time is over", "pause", sampleRun(paused(30)), 30, 31, null, "enter Failed"],
  ["[FR71] however late that is noticed", "pause", sampleRun(paused(30)), 30, 9999, null, "enter Failed"],
  ["[FR71] not over yet", "pause", sampleRun(paused(30)), 30, 30, null, "nothing"],
  ["[FR71] it was resumed", "pause", running, 30, 31, null, "nothing"],
  ["[FR72] nobody confirmed it", "cancelling", cancelling, 300, 300, null, "enter Cancelled"],
  ["[FR72] it has ended", "cancelling", sampleRun(sampleState("CRASHED")), 300, 300, null, "nothing"],
  ["[FR73] it did not end itself", "timeout", running, 75, 75, null, "enter TimedOut"],
  ["[FR73] it is paused", "timeout", sampleRun(paused(null), labelled), 75, 75, null, "nothing"],
  ["[FR74] silence", "heartbeat", running, 90, 90, beat(0), "enter Crashed"],
  ["[FR74] silence while it was being cancelled", "heartbeat", cancelling, 90, 90, beat(0), "enter Cancelled"],
  ["[FR74] it was heard of meanwhile", "heartbeat", running, 90, 90, beat(60), "again 150"],
  ["[FR74] the service was not there to hear", "heartbeat", running, 90, 400, beat(0), "again 490"],
  ["[FR74] it never sent one", "heartbeat", running, 90, 90, null, "nothing"],
  ["[FR74] it is paused", "heartbeat", sampleRun(paused(null)), 90, 90, beat(0), "nothing"],
] as const)("%s", (_case, timer, run, set, now, last, expected) => {
  const outcome = elapsed(timer as Timer, run, { set: at(set), now: at(now), beat: last });
  const name = { FAILED: "Failed", CRASHED: "Crashed", CANCELLED: "Cancelled" };
  const told = (() => {
    if (outcome.kind === "enter") return `enter ${outcome.to.name ?? name[outcome.to.type as keyof typeof name]}`;
    return outcome.kind === "again" ? `again ${(outcome.at - at(0)) / 1_000_000}` : "nothing";
  })();
  expect(told).toBe(expected);
});

test.each([
  ["[FR74] after the first", null, 540],
  ["[FR74] three are missed", 180, 540],
  ["[FR74] never before a minute and a half", 5, 90],
])("%s", (_case, every, seconds) => {
  expect(silentBy(running, beat(0, every))).toBe(at(seconds));
});

test("[FR74] how often a process is heard of is learned from its heartbeats", () => {
  const first = beaten(null, at(0));
  expect(first.every).toBeNull();
  const second = beaten(first, at(45));
  expect(second.every).toBe(45);
  expect(beaten(second, at(99_999)).every).toBe(45);
});
