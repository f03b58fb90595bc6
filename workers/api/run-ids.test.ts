import fc from "fast-check";
import { expect, test } from "vitest";
import { derivedRunId, isRunId, makeRunId } from "./run-ids.ts";

const PEPPER = "the pepper of this server";
const [OURS, THEIRS] = ["01900000-0000-7000-8000-00000000000a", "01900000-0000-7000-8000-00000000000b"] as const;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

test("[AP4] an id that was made here is known, for its own workspace and under its own pepper", () => {
  const id = makeRunId(PEPPER, OURS);
  expect(id).toMatch(UUID);
  expect(isRunId(id, PEPPER, OURS)).toBe(true);
  expect(isRunId(id, PEPPER, THEIRS)).toBe(false);
  expect(isRunId(id, "another pepper", OURS)).toBe(false);
});

test("[AP4] later ids sort behind earlier ones", () => {
  const ids = Array.from({ length: 1000 }, () => makeRunId(PEPPER, OURS));
  expect([...ids].sort()).toEqual(ids);
});

test("[AP4] ten thousand guesses are none of ours", () => {
  fc.assert(
    fc.property(fc.uuid(), (guess) => {
      expect(isRunId(guess, PEPPER, OURS)).toBe(false);
    }),
    { numRuns: 10_000 },
  );
});

test("[AP4] an id with any one digit changed is a guess", () => {
  const id = makeRunId(PEPPER, OURS);
  for (let at = 0; at < id.length; at++) {
    if (id[at] === "-") continue;
    const other = id[at] === "0" ? "1" : "0";
    expect(isRunId(id.slice(0, at) + other + id.slice(at + 1), PEPPER, OURS), `digit ${at}`).toBe(false);
  }
});

test("[AP12] a flow and a key lead to one id, and to another one for another flow, key or workspace", () => {
  const [flow, other] = ["01900000-0000-7000-8000-00000000000c", "01900000-0000-7000-8000-00000000000d"] as const;
  const id = derivedRunId(PEPPER, OURS, flow, "key");
  expect(id).toMatch(UUID);
  expect(isRunId(id, PEPPER, OURS)).toBe(true);
  expect(derivedRunId(PEPPER, OURS, flow, "key")).toBe(id);
  const others = [
    derivedRunId(PEPPER, OURS, flow, "Key"),
    derivedRunId(PEPPER, OURS, flow, "key\u0000"),
    derivedRunId(PEPPER, OURS, other, "key"),
    derivedRunId(PEPPER, THEIRS, flow, "key"),
  ];
  expect(new Set([id, ...others]).size).toBe(1 + others.length);
});
