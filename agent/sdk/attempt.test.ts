import { expect, test } from "vitest";
import { attempt } from "./attempt.ts";
import { CancelledError, LeaseLostError, TimeoutError } from "./errors.ts";

const never = () => new Promise<never>(() => {});
const quick = { timeoutMs: 5, cancelMs: 5 };

test("[SD37] a function that does not listen to its signal is given up after the patience", async () => {
  const parent = new AbortController();
  const late = await attempt(never, { parent: parent.signal, limitMs: 5, patience: quick });
  expect(late).toMatchObject({ kind: "timed-out", error: expect.any(TimeoutError) });
  const stopped = attempt(never, { parent: parent.signal, limitMs: null, patience: quick });
  parent.abort(new CancelledError("enough"));
  expect(await stopped).toMatchObject({ kind: "stopped", reason: expect.any(CancelledError) });
});

test("[SD37] a lost claim waits for nothing", async () => {
  const parent = new AbortController();
  const lost = attempt(never, { parent: parent.signal, limitMs: null, patience: { timeoutMs: 1e6, cancelMs: 1e6 } });
  parent.abort(new LeaseLostError("another's"));
  expect(await lost).toMatchObject({ kind: "stopped", reason: expect.any(LeaseLostError) });
});

test("[SD37] a function that ends after its signal still counts as timed out, or stopped", async () => {
  const parent = new AbortController();
  const outcome = await attempt(
    (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("too late"))),
    { parent: parent.signal, limitMs: 5 },
  );
  expect(outcome.kind).toBe("timed-out");
});

test("[SD37] an aborted parent begins nothing", async () => {
  let ran = false;
  const outcome = await attempt(() => (ran = true), {
    parent: AbortSignal.abort(new CancelledError("x")),
    limitMs: null,
  });
  expect(outcome.kind).toBe("stopped");
  expect(ran).toBe(false);
});
