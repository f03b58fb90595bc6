import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RELEASED, Release } from "./release.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An object that is released when it is quiet, as far as `Release` sees it. */
function object() {
  const state = { wanted: true, sockets: [] as unknown[], abort: vi.fn() };
  const ctx = { abort: state.abort, getWebSockets: () => state.sockets } as unknown as DurableObjectState;
  return { state, release: new Release(ctx, () => state.wanted, 0) };
}

test("[KI8] an object is released once it was quiet for a moment", () => {
  const { state, release } = object();
  release.touch();
  vi.advanceTimersByTime(499);
  expect(state.abort).not.toHaveBeenCalled();
  vi.advanceTimersByTime(300);
  expect(state.abort).toHaveBeenCalledExactlyOnceWith(RELEASED);
});

test("[KI8] calls that go on coming keep it", () => {
  const { state, release } = object();
  for (let call = 0; call < 20; call++) {
    release.touch();
    vi.advanceTimersByTime(400);
  }
  expect(state.abort).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(state.abort).toHaveBeenCalled();
});

test("[KI8] while something is under way in it, however long, no call is cut", async () => {
  const { state, release } = object();
  const work = Promise.withResolvers<string>();
  const done = release.during(work.promise);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.abort).not.toHaveBeenCalled();
  work.resolve("done");
  expect(await done).toBe("done");
  await vi.advanceTimersByTimeAsync(1500);
  expect(state.abort).toHaveBeenCalledOnce();
});

test("[KI8] work that fails is over too", async () => {
  const { state, release } = object();
  await expect(release.during(Promise.reject(new Error("no")))).rejects.toThrow("no");
  await vi.advanceTimersByTimeAsync(1500);
  expect(state.abort).toHaveBeenCalledOnce();
});

test.each<[string, (state: ReturnType<typeof object>["state"]) => void]>([
  ["[KI8] one that somebody is connected to", (state) => state.sockets.push({})],
  ["[KI8] one that is wanted again meanwhile", (state) => Object.assign(state, { wanted: false })],
])("%s is kept", (_case, change) => {
  const { state, release } = object();
  release.touch();
  change(state);
  vi.advanceTimersByTime(60_000);
  expect(state.abort).not.toHaveBeenCalled();
});

test("[KI8] one that is not to be released is never looked at", () => {
  const { state, release } = object();
  state.wanted = false;
  release.touch();
  expect(vi.getTimerCount()).toBe(0);
});

test("[KI8] while few are alive, none is released: closing a database costs syncs", () => {
  const abort = vi.fn();
  const ctx = { abort, getWebSockets: () => [] } as unknown as DurableObjectState;
  new Release(ctx, () => true).touch();
  vi.advanceTimersByTime(60_000);
  expect(abort).not.toHaveBeenCalled();
});
