import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type BatchOptions, BatchQueue } from "./batch-queue.ts";

/** A queue whose calls are kept, and end when they are told to. */
function setUp(options: Partial<BatchOptions<number>> = {}) {
  const calls: number[][] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const failures: number[][] = [];
  const queue = new BatchQueue<number>({
    send: (items) => {
      calls.push(items);
      return new Promise((resolve, reject) => ends.push({ resolve, reject }));
    },
    weigh: () => 1,
    delayMs: 100,
    maxItems: 3,
    maxBytes: 1000,
    capacityBytes: 1000,
    onFailure: (_error, items) => failures.push(items),
    ...options,
  });
  return { queue, calls, ends, failures };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("[SD33] what is pushed together is sent together, after the delay, and never two calls at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { queue, calls, ends } = setUp();
    queue.push(1);
    queue.push(2);
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).toEqual([[1, 2]]);
    for (const item of [3, 4, 5, 6]) queue.push(item);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toHaveLength(1);
    ends[0]?.resolve();
    await settled();
    expect(calls).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    ends[1]?.resolve();
    await settled();
    expect(calls.at(-1)).toEqual([6]);
    ends[2]?.resolve();
    await queue.flush();
  } finally {
    vi.useRealTimers();
  }
});

test("[SD33] flush waits for everything pushed before it; a call that fails loses its items alone", async () => {
  const { queue, calls, ends, failures } = setUp();
  for (const item of [1, 2, 3, 4]) queue.push(item);
  const flushed = queue.flush();
  ends[0]?.reject(new Error("no"));
  await settled();
  ends[1]?.resolve();
  await flushed;
  expect(calls).toEqual([[1, 2, 3], [4]]);
  expect(failures).toEqual([[1, 2, 3]]);
});

test("[SD33] beyond its capacity the oldest are dropped and counted, or the producer waits", async () => {
  let dropped = 0;
  const full = setUp({ capacityBytes: 10, maxItems: 1000, onDrop: (count) => (dropped += count) });
  for (let item = 0; item < 25; item++) full.queue.push(item);
  const flushed = full.queue.flush();
  await settled();
  full.ends[0]?.resolve();
  await flushed;
  expect(full.calls.flat().at(-1)).toBe(24);
  expect(full.calls.flat().length + dropped).toBe(25);
  expect(full.calls.flat().length).toBeLessThanOrEqual(10);

  const patient = setUp({ capacityBytes: 3, maxItems: 10 });
  for (let item = 0; item < 5; item++) patient.queue.push(item);
  let room = false;
  void patient.queue.room().then(() => (room = true));
  await settled();
  expect(room).toBe(false);
  void patient.queue.flush();
  await settled();
  patient.ends[0]?.resolve();
  await settled();
  expect(room).toBe(true);
});

test("[SD33] whatever is pushed arrives once, in order, in calls of at most the limits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), async (weights) => {
      const calls: number[][] = [];
      const queue = new BatchQueue<number>({
        send: async (items) => void calls.push(items),
        weigh: (item) => weights[item] as number,
        delayMs: 0,
        maxItems: 5,
        maxBytes: 12,
        capacityBytes: 1e6,
        onFailure: () => {},
      });
      for (const item of weights.keys()) {
        queue.push(item);
        if (item % 7 === 0) await settled();
      }
      await queue.flush();
      expect(calls.flat()).toEqual([...weights.keys()]);
      for (const items of calls) {
        const bytes = items.reduce((sum, item) => sum + (weights[item] as number), 0);
        expect(items.length).toBeLessThanOrEqual(5);
        expect(items.length === 1 || bytes <= 12).toBe(true);
      }
    }),
  );
});
