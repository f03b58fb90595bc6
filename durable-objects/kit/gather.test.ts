import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gatherer } from "./gather.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Writes that end when the test says so. */
function heldWrites() {
  const batches: { items: number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const write = (items: number[]): Promise<void> =>
    new Promise((resolve, reject) => batches.push({ items, end: resolve, fail: reject }));
  return { batches, write };
}
const turn = () => vi.advanceTimersByTimeAsync(0);
const written = ({ batches }: ReturnType<typeof heldWrites>) => batches.map(({ items }) => items);

test("[KI5] an urgent item leaves at once, and its caller is answered when the write has ended", async () => {
  const held = heldWrites();
  let answered = false;
  const add = new Gatherer(held.write, 1000).add(1, true).then(() => {
    answered = true;
  });
  expect(written(held)).toEqual([[1]]);
  await turn();
  expect(answered).toBe(false);
  held.batches[0]?.end();
  await add;
});

test("[KI5] a caller is told of the failure of its own write, and of no other", async () => {
  const held = heldWrites();
  const gatherer = new Gatherer(held.write, 1000);
  const first = gatherer.add(1, true);
  const second = gatherer.add(2, true);
  held.batches[0]?.fail(new Error("the disk is full"));
  await expect(first).rejects.toThrow("the disk is full");
  await turn();
  held.batches[1]?.end();
  await expect(second).resolves.toBeUndefined();
});

test("[KI6] what comes while a write is under way leaves together, in order, in the next one", async () => {
  const held = heldWrites();
  const gatherer = new Gatherer(held.write, 1000);
  const all = [gatherer.add(1, true), gatherer.add(2, true), gatherer.add(3, false), gatherer.add(4, true)];
  held.batches[0]?.end();
  await turn();
  expect(written(held)).toEqual([[1], [2, 3, 4]]);
  held.batches[1]?.end();
  await Promise.all(all);
});

test("[KI6] an item that can wait rides along with the next urgent one, or leaves when its patience ends", async () => {
  const held = heldWrites();
  const gatherer = new Gatherer(held.write, 1000);
  void gatherer.add(1, false);
  expect(written(held)).toEqual([]);
  void gatherer.add(2, true);
  expect(written(held)).toEqual([[1, 2]]);
  held.batches[0]?.end();
  await turn();
  void gatherer.add(3, false);
  await vi.advanceTimersByTimeAsync(999);
  expect(written(held)).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(written(held)).toEqual([[1, 2], [3]]);
});

test("[KI7] settling writes what waits without patience", async () => {
  const held = heldWrites();
  const gatherer = new Gatherer(held.write, 1000);
  void gatherer.add(1, false);
  const settled = gatherer.settle();
  expect(written(held)).toEqual([[1]]);
  held.batches[0]?.end();
  await settled;
});

test("[KI6] an item whose patience ends during a write leaves after it, though nothing urgent follows", async () => {
  const held = heldWrites();
  const gatherer = new Gatherer(held.write, 1000);
  void gatherer.add(1, true);
  void gatherer.add(2, false);
  await vi.advanceTimersByTimeAsync(1500);
  expect(written(held)).toEqual([[1]]);
  held.batches[0]?.end();
  await vi.advanceTimersByTimeAsync(1500);
  expect(written(held)).toEqual([[1], [2]]);
});

test("[KI7] settling ends under traffic that never does", async () => {
  let writes = 0;
  let busy = true;
  const gatherer = new Gatherer<number>(async () => {
    writes += 1;
    await turn();
    // Each write brings the next item, as a busy workspace does.
    if (busy && writes < 1000) void gatherer.add(writes, true);
  }, 1000);
  void gatherer.add(0, true);
  await gatherer.settle();
  expect(writes).toBeLessThan(10);
  busy = false;
  await gatherer.settle();
});

test("[KI7] settling does not fail with the write that it waits for, and has nothing to wait for when all is written", async () => {
  const gatherer = new Gatherer<number>(() => Promise.reject(new Error("away")), 1000);
  const lost = gatherer.add(1, false);
  lost.catch(() => {});
  await gatherer.settle();
  await expect(lost).rejects.toThrow("away");
  await gatherer.settle();
});
