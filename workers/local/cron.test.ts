import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startCron } from "./cron.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-24T10:00:30Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const control = (cron: (at: Date) => Promise<void>) => ({
  cron: (_expression: string, at: Date) => cron(at),
  sql: () => Promise.reject(new Error("not here")),
  liftAllowLists: () => Promise.reject(new Error("not asked for")),
  seed: () => Promise.reject(new Error("not here")),
});

test("[LO15] the handler is called at each full minute", async () => {
  const calls: string[] = [];
  const stop = startCron(
    control(async (at) => void calls.push(at.toISOString())),
    ["* * * * *"],
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(29_999);
  expect(calls).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_001);
  expect(calls).toEqual(["2026-11-24T10:01:00.000Z", "2026-11-24T10:02:00.000Z"]);
  stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(calls).toHaveLength(2);
});

test("[LO15] a call that takes long is not doubled, and the clock goes on after it", async () => {
  let calls = 0;
  let finish: () => void = () => undefined;
  const stop = startCron(
    control(() => {
      calls += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    }),
    ["* * * * *"],
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(180_000);
  expect(calls).toBe(1);
  finish();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toBe(2);
  stop();
});

test("[LO15] a failed call is said, and the next minute calls again", async () => {
  const said: string[] = [];
  let calls = 0;
  const stop = startCron(
    control(async () => {
      calls += 1;
      throw new Error("no database");
    }),
    ["* * * * *"],
    (line) => said.push(line),
  );
  await vi.advanceTimersByTimeAsync(90_000);
  expect(calls).toBe(2);
  expect(said).toEqual(["the minute's work failed: no database", "the minute's work failed: no database"]);
  stop();
});

test("[LO17] a cron that this clock cannot follow is refused", () => {
  expect(() =>
    startCron(
      control(async () => undefined),
      ["*/5 * * * *"],
      () => undefined,
    ),
  ).toThrow('"*/5 * * * *"');
});
