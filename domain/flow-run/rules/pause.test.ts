import { expect, test } from "vitest";
import { STATE_TYPES } from "../../state.ts";
import { judged, outcome, sampleRun, sampleState } from "../sample-run.ts";
import { pause } from "./pause.ts";

const paused = (pauseKey: string | null = "k1") => sampleState("PAUSED", { details: { pauseKey } });
const suspended = sampleState("PAUSED", { name: "Suspended", details: { pauseKey: "k1", pauseReschedule: true } });
const running = sampleState("RUNNING");
const deployed = { deploymentId: "deployment-1" };

test.each(STATE_TYPES)("[FR12] from %s to PAUSED", (type) => {
  const from = sampleState(type);
  const expected = type === "RUNNING" ? "accept Paused" : `reject, still ${from.name}`;
  expect(outcome([pause], sampleRun(from), paused())).toBe(expected);
});

test("[FR12] a run without a state is not paused", () => {
  expect(outcome([pause], sampleRun(null), paused())).toBe("abort");
});

test.each([
  ["[FR13] its key", paused("k2"), ["k1", "k2"]],
  ["[FR13] a key of its own", paused(null), ["k1", "id-1"]],
])("%s is remembered", (_case, to, pauseKeys) => {
  const run = sampleRun(running, { policy: { pauseKeys: ["k1"] } });
  expect(judged([pause], run, to)).toMatchObject({ kind: "accept", run: { policy: { pauseKeys } } });
});

test("[FR13] a pause that fired in this attempt does not fire again", () => {
  const run = sampleRun(running, { policy: { pauseKeys: ["k1"] } });
  expect(outcome([pause], run, paused("k1"))).toBe("reject, still Running");
});

test.each([
  ["[FR14] deployed", suspended, deployed, "accept Suspended"],
  ["[FR14] not deployed", suspended, {}, "abort"],
  ["[FR14] subflow", suspended, { ...deployed, parentTaskRunId: "task-1" }, "abort"],
  ["[FR14] a subflow that pauses", paused(), { parentTaskRunId: "task-1" }, "accept Paused"],
] as const)("%s", (_case, to, changes, expected) => {
  expect(outcome([pause], sampleRun(running, changes), to)).toBe(expected);
});

test("[FR13] input of an earlier attempt is forgotten when the pause fires", () => {
  const asks = sampleState("PAUSED", { details: { pauseKey: "k1", runInputKeyset: { response: "r", schema: "s" } } });
  expect(judged([pause], sampleRun(running), asks)).toMatchObject({
    effects: [{ kind: "forget-inputs", keys: ["r", "s"] }],
  });
  expect(judged([pause], sampleRun(running), paused())).toMatchObject({ effects: [] });
});
