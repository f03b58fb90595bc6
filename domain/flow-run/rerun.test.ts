import { expect, test } from "vitest";
import { newTaskRun } from "../task-run/create.ts";
import { type Instant, instant } from "../time.ts";
import { type Checkpoint, type CheckpointContent, written, writtenBefore } from "./checkpoint.ts";
import { beginningOf, RERUN_OF, rerunOf } from "./rerun.ts";
import { sampleRun } from "./sample-run.ts";

const at = (second: number): Instant => instant(1_795_521_600_000_000 + second * 1_000_000);
const content: CheckpointContent = { value: 7, sha256: null, size: 1 };
const write = (known: Checkpoint | null, expected: number | null, second = 1) =>
  written(known, "k", content, { expected, now: at(second) });

test("[FR82] every write makes the next version, and keeps when the first one was", () => {
  const first = write(null, null) as Checkpoint;
  expect(first).toMatchObject({ key: "k", version: 1, created: at(1), updated: at(1), value: 7 });
  expect(write(first, null, 5)).toMatchObject({ version: 2, created: at(1), updated: at(5) });
});

test.each([
  ["[FR82] over the version that it knows", 1, 1, "version"],
  ["[FR82] over an older one", 0, 1, "code"],
  ["[FR82] over one that is not there yet", 2, 1, "code"],
  ["[FR82] over none, where there is none", 0, 0, "version"],
  ["[FR82] over one, where there is none", 1, 0, "code"],
] as const)("%s", (_case, expected, there, answer) => {
  const known = there === 0 ? null : (write(null, null) as Checkpoint);
  expect(write(known, expected)).toHaveProperty(answer);
});

test("[FR84] what was kept before a moment", () => {
  const kept = [1, 2, 3].map((second) => write(null, null, second) as Checkpoint);
  expect(writtenBefore(kept, at(3))).toEqual(kept.slice(0, 2));
});

const deployed = sampleRun(null, { deploymentId: "d", parameters: { a: 1 }, labels: { mine: 1 }, tags: ["t"] });

test("[FR83] a run of a deployment is run again, and knows of which it is the repetition", () => {
  expect(rerunOf(deployed, { parameters: null, name: null })).toMatchObject({
    flowId: deployed.flowId,
    deploymentId: "d",
    state: { type: "SCHEDULED" },
    parameters: { a: 1 },
    tags: ["t"],
    labels: { mine: 1, [RERUN_OF]: deployed.id },
  });
  expect(rerunOf(deployed, { parameters: { a: 2 }, name: "again" })).toMatchObject({
    parameters: { a: 2 },
    name: "again",
  });
});

test("[FR83] a run of no deployment is not", () => {
  expect(rerunOf(sampleRun(null, { deploymentId: null }), { parameters: null, name: null })).toMatchObject({
    code: "conflict",
  });
});

test("[FR84] a task is called by its key, its run's name or id, and began when the first of them did", () => {
  const task = (id: string, second: number) => ({
    ...newTaskRun({ taskKey: "step", dynamicKey: id }, { id, name: `step-${id}`, now: at(0), newId: () => "state" }),
    startTime: at(second),
  });
  const tasks = [task("1", 9), task("2", 4)];
  expect(beginningOf(tasks, "step")).toBe(at(4));
  expect(beginningOf(tasks, "step-1")).toBe(at(9));
  expect(beginningOf(tasks, "1")).toBe(at(9));
  expect(beginningOf(tasks, "other")).toBeNull();
});
