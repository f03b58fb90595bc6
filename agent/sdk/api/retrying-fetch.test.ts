import { expect, test } from "vitest";
import { retryingFetch, UnreachableError } from "./retrying-fetch.ts";

/** A fetch that gives these answers one after the other, over a clock that only waits move. */
function setUp(answers: (Response | Error)[], budgetMs = 60_000) {
  const waits: number[] = [];
  let clock = 0;
  let calls = 0;
  const call = retryingFetch({
    budgetMs,
    fetch: async () => {
      calls++;
      const answer = answers.shift() ?? new Response("ok");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sleep: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    now: () => clock,
    random: () => 1,
  });
  return { call: () => call("http://api.invalid/x", {}), waits, calls: () => calls };
}

const refused = () => Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });

test("[SD34] network errors and 408, 429, 502, 503, 504 are tried again, after a doubling time", async () => {
  const { call, waits, calls } = setUp([
    refused(),
    ...[408, 429, 502, 503, 504].map((status) => new Response("", { status })),
  ]);
  expect((await call()).status).toBe(200);
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200]);
  expect(calls()).toBe(7);
});

test("[SD34] Retry-After is obeyed, in seconds or as a date", async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const { call, waits } = setUp(
    [
      new Response("", { status: 503, headers: { "retry-after": "2" } }),
      new Response("", { status: 429, headers: { "retry-after": date } }),
    ],
    100_000,
  );
  await call();
  expect(waits[0]).toBe(2000);
  expect(waits[1]).toBeGreaterThan(50_000);
});

test.each([200, 201, 400, 401, 404, 409, 422, 500])("[SD34] %i is an answer, and not tried again", async (status) => {
  const { call, calls } = setUp([new Response("", { status })]);
  expect((await call()).status).toBe(status);
  expect(calls()).toBe(1);
});

test("[SD34] when the time is over, the last answer is given, or an error that names the host and the cause", async () => {
  const busy = setUp(
    Array.from({ length: 50 }, () => new Response("", { status: 503 })),
    1000,
  );
  expect((await busy.call()).status).toBe(503);
  const away = setUp(Array.from({ length: 50 }, refused), 1000);
  await expect(away.call()).rejects.toThrow(UnreachableError);
  await expect(setUp(Array.from({ length: 50 }, refused), 0).call()).rejects.toThrow(
    "The API at http://api.invalid cannot be reached: ECONNREFUSED",
  );
});

test("[SD34] an aborted call ends at once", async () => {
  const reason = new Error("stopped");
  const call = retryingFetch({ budgetMs: 60_000, fetch: async () => Promise.reject(refused()), firstDelayMs: 60_000 });
  const controller = new AbortController();
  const ended = call("http://api.invalid/x", { signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  await expect(ended).rejects.toBe(reason);
});
