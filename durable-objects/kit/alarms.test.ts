import { instant } from "@millrace/domain/time.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PhysicalAlarm } from "./alarms.ts";

/** An object's one alarm, and how often it was set. */
function storage(alarm: number | null = null) {
  const state = { alarm, sets: [] as number[], reads: 0, full: false };
  const storage = {
    async getAlarm() {
      state.reads += 1;
      const { alarm } = state;
      await null;
      return alarm;
    },
    async setAlarm(at: number) {
      await null;
      if (state.full) throw new Error("the disk is full");
      state.sets.push(at);
      state.alarm = at;
    },
  };
  return { state, alarm: new PhysicalAlarm(storage as unknown as DurableObjectStorage) };
}

beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const at = (milliseconds: number) => instant(milliseconds * 1000);

test("[KI4] it is set to come earlier, and for nothing else", async () => {
  const { state, alarm } = storage();
  for (const when of [500, 600, 500, 400, 700]) await alarm.wakeBy(at(when));
  await alarm.wakeBy(null);
  expect(state).toMatchObject({ sets: [500, 400], reads: 1 });
});

test("[KI4] one that was set before the object was forgotten counts", async () => {
  const { state, alarm } = storage(300);
  await alarm.wakeBy(at(400));
  await alarm.wakeBy(at(200));
  expect(state.sets).toEqual([200]);
});

test.each([
  ["[KI4] earliest first", [200, 300, 400]],
  ["[KI4] latest first", [400, 300, 200]],
])("%s: of several asked for at once the earliest stays", async (_case, times) => {
  const { state, alarm } = storage();
  await Promise.all(times.map((when) => alarm.wakeBy(at(when))));
  expect(state.alarm).toBe(200);
});

test("[KI4] once it rang, the next one may come later", async () => {
  const { state, alarm } = storage();
  await alarm.wakeBy(at(200));
  alarm.rang();
  await alarm.wakeBy(at(400));
  expect(state.sets).toEqual([200, 400]);
});

test("[KI4] a moment within a millisecond is not woken for too early", async () => {
  const { state, alarm } = storage();
  await alarm.wakeBy(instant(200_001));
  expect(state.sets).toEqual([201]);
});

test("[KI4] one that could not be set is set by the next who asks", async () => {
  const { state, alarm } = storage();
  state.full = true;
  await expect(alarm.wakeBy(at(200))).rejects.toThrow("full");
  state.full = false;
  await alarm.wakeBy(at(200));
  expect(state.sets).toEqual([200]);
});

test("[KI4] one that should have rung a minute ago is set anew", async () => {
  const { state, alarm } = storage(300);
  vi.setSystemTime(60_300);
  await alarm.wakeBy(at(400));
  expect(state.sets).toEqual([]);
  vi.setSystemTime(60_301);
  await alarm.wakeBy(at(400));
  expect(state.sets).toEqual([400]);
});
