import { expect, test } from "vitest";
import type { Json } from "../../json.ts";
import { minimalPolicy } from "../policy.ts";
import { outcome, sampleRun, sampleState } from "../sample-run.ts";
import { keepResults } from "./keep-results.ts";

const completed = (data: Json) => sampleState("COMPLETED", { data });
const stored = { type: "result", storage_key: "k" };
const other = { type: "result", storage_key: "other" };
const unpersisted = { type: "unpersisted" };

test.each([
  ["[FR2] stored, then nothing", stored, null, "reject, still Completed"],
  ["[FR2] stored, then unpersisted", stored, unpersisted, "reject, still Completed"],
  ["[FR2] stored, then a bare value", stored, 7, "reject, still Completed"],
  ["[FR2] stored, then another stored one", stored, other, "accept Completed"],
  ["[FR2] unpersisted, then nothing", unpersisted, null, "accept Completed"],
  ["[FR2] a bare value, then nothing", [1], null, "accept Completed"],
] as const)("%s", (_case, before, after, expected) => {
  for (const policy of [[keepResults], minimalPolicy]) {
    expect(outcome(policy, sampleRun(completed(before as Json)), completed(after as Json))).toBe(expected);
  }
});
