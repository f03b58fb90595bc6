import { expect, test } from "vitest";
import { now, sleep } from "./clock.ts";

test("[SD38] no two moments of a process are the same, and none goes back", () => {
  let last = now();
  for (let count = 0; count < 20_000; count++) {
    const next = now();
    expect(next > last).toBe(true);
    last = next;
  }
  expect(Math.abs(last / 1000 - Date.now())).toBeLessThan(1000);
});

test("[SD38] a sleep that is aborted ends with the reason", async () => {
  const controller = new AbortController();
  const slept = sleep(60_000, controller.signal);
  controller.abort(new Error("up"));
  await expect(slept).rejects.toThrow("up");
  await expect(sleep(60_000, controller.signal)).rejects.toThrow("up");
});
