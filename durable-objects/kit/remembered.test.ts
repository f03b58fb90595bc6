import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Remembered } from "./remembered.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A database of one value, and how often it was asked. */
function database(value: string | null) {
  const asked = { value, times: 0 };
  const ask = async () => {
    asked.times += 1;
    return asked.value;
  };
  return { asked, ask };
}

test("[AP17] an answer is used until it is old, counted from when it was asked for", async () => {
  const remembered = new Remembered<string>(1000);
  const { asked, ask } = database("a");
  expect(await remembered.get("key", ask)).toBe("a");
  asked.value = "b";
  vi.advanceTimersByTime(999);
  expect(await remembered.get("key", ask)).toBe("a");
  vi.advanceTimersByTime(1);
  expect(await remembered.get("key", ask)).toBe("b");
  expect(asked.times).toBe(2);
});

test("[AP17] a value that was changed here is asked for anew", async () => {
  const remembered = new Remembered<string>(1000);
  const { asked, ask } = database("a");
  await remembered.get("key", ask);
  asked.value = "b";
  remembered.forget("key");
  expect(await remembered.get("key", ask)).toBe("b");
});

test("[AP17] an answer that was under way when the value changed is not kept", async () => {
  const remembered = new Remembered<string>(1000);
  const slow = Promise.withResolvers<string>();
  const before = remembered.get("key", () => slow.promise);
  remembered.forget("key");
  slow.resolve("old");
  expect(await before).toBe("old");
  expect(await remembered.get("key", database("new").ask)).toBe("new");
});

test("[AP17] that there is nothing is not remembered, nor a question that failed", async () => {
  const remembered = new Remembered<string>(1000);
  expect(await remembered.get("key", database(null).ask)).toBeNull();
  await expect(remembered.get("key", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await remembered.get("key", database("a").ask)).toBe("a");
});

test("[AP17] no more is kept than fits", async () => {
  const remembered = new Remembered<string>(1000);
  const { asked, ask } = database("a");
  for (let key = 0; key < 25_000; key++) await remembered.get(String(key), ask);
  for (let key = 0; key < 25_000; key++) await remembered.get(String(key), ask);
  // Had all been kept, nothing would have been asked for again.
  expect(asked.times).toBeGreaterThan(40_000);
});
