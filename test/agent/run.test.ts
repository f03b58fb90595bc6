/** From a file of flows to ended runs: deployed by the command line, run by an agent, seen through the API. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { type AgentProcess, until, Workshop } from "./workshop.ts";

let shop: Workshop;
let agent: AgentProcess;

beforeAll(async () => {
  shop = await Workshop.open();
  await shop.deploy("--env", "GIVEN=by the deployment", "--name", "with-env");
  agent = await shop.agent();
});
afterAll(() => shop?.close());

test("[AG20] a deployed flow is run by an agent: its states, log, artifacts and result are at the API", async () => {
  const { id } = await shop.start("whole", { n: 4, who: "Ada" });
  const run = await shop.end(id);
  expect(run).toMatchObject({ state_type: "COMPLETED", run_count: 1, state: { data: { sum: 8 + 5, who: "Ada" } } });
  expect(await shop.states(id)).toEqual(["Scheduled", "Pending", "Running", "Completed"]);
  const log = await shop.log(id);
  expect(log[0]).toBe("hello Ada n=4 attempt=1");
  expect(log).toContain("Attempt 2 failed: Error: attempt 2. Retry 2 of 2 in 20ms.");
  // Beside what the flow made there is its result.
  const artifacts = { flow_run_id: { any_: [id] }, key: { any_: ["whole-note"] } };
  expect(await shop.api("POST /artifacts/filter", { body: { artifacts } })).toMatchObject([
    { key: "whole-note", type: "markdown", data: "# Ada" },
  ]);
});

test("[AG21] tasks, their attempts and what they waited for are on the run's timeline, subflows too", async () => {
  const { id } = await shop.start("whole", { n: 1, who: "Bo" });
  await shop.end(id);
  const tasks = await shop.api("POST /task_runs/filter", { body: { task_runs: { flow_run_id: { any_: [id] } } } });
  const by = Object.fromEntries(tasks.map((one) => [one.name, one]));
  expect(Object.keys(by).sort()).toEqual(["double-0", "double-1", "flaky-0", "inner-0"]);
  expect(tasks.map((one) => one.state_type)).toEqual(Array(4).fill("COMPLETED"));
  expect(by["flaky-0"]).toMatchObject({
    run_count: 3,
    task_inputs: { arg0: [{ input_type: "task_run", id: by["double-0"]?.id }] },
  });
  const [child] = await shop.api("POST /flow_runs/filter", {
    body: { flow_runs: { parent_flow_run_id: { any_: [id] } } },
  });
  expect(child).toMatchObject({ parent_task_run_id: by["inner-0"]?.id, state_type: "COMPLETED", parameters: { n: 2 } });
  expect(await shop.log(child!.id)).toContain("inside");
});

test("[AG22] a flow that fails is FAILED with its message; one that has retries is tried again in its process", async () => {
  const failed = await shop.end((await shop.start("failing")).id);
  expect(failed).toMatchObject({ state_type: "FAILED", state: { message: "RangeError: out of it" } });
  const { id } = await shop.start("retried");
  expect(await shop.end(id)).toMatchObject({ state_type: "COMPLETED", run_count: 2, state: { data: { attempt: 2 } } });
  expect(await shop.states(id)).toEqual(["Scheduled", "Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]);
});

test("[AG23] what a run's process writes is in its log, the last line too", async () => {
  const { id } = await shop.start("printing");
  await shop.end(id);
  await until("the output is stored", async () => (await shop.log(id)).length >= 4);
  expect(await shop.log(id)).toEqual(
    expect.arrayContaining(["a line of output", "and a last one without an end", "a line of error"]),
  );
});

test("[AG24] a process that ends before its run did leaves it CRASHED, with how it ended", async () => {
  const run = await shop.end((await shop.start("leaving")).id);
  expect(run).toMatchObject({
    state_type: "CRASHED",
    state: { message: expect.stringContaining("process.exit() was called") },
  });
});

test("[AG25] a run sees its deployment's variables, a folder and a token of its own, and nothing of the agent's", async () => {
  const { id } = await shop.start("environment/with-env");
  const run = await shop.end(id);
  const { names, folder, given } = run.state!.data as { names: string[]; folder: string; given: string };
  expect(given).toBe("by the deployment");
  expect(names).not.toContain("SECRET_OF_THE_MACHINE");
  expect(names.filter((name) => name.startsWith("MILLRACE_")).sort()).toEqual([
    "MILLRACE_API_KEY",
    "MILLRACE_API_URL",
    "MILLRACE_FLOW_RUN_ID",
  ]);
  expect(folder).toContain(id);
  await until("the folder is removed", () => !existsSync(folder));
});

test("[AG26] a cancelled run is told, cleans up and is CANCELLED; nothing that it started is left", async () => {
  const pids = shop.path("cancel-pids");
  const { id } = await shop.start("waiting", { pids });
  await until("the run has started its grandchild", () => existsSync(pids));
  const { code } = await shop.run("runs", "cancel", id);
  expect(code).toBe(0);
  const run = await shop.end(id);
  expect(run.state_type).toBe("CANCELLED");
  expect(await shop.log(id)).toContain("cleaned up");
  const started = readFileSync(pids, "utf8").trim().split(" ").map(Number);
  expect(started).toHaveLength(3);
  await until("all its processes are gone", () => !started.some(isAlive));
});

test("[AG27] a cancelled run that does not listen is killed after the grace, and is CANCELLED", async () => {
  const impatient = await shop.agent({ args: ["--grace", "500ms"] });
  agent.signal("SIGTERM");
  expect(await agent.ended).toBe(0);
  const pids = shop.path("deaf-pids");
  const { id } = await shop.start("waiting", { pids, deaf: true });
  await until("the run has started its grandchild", () => existsSync(pids));
  await shop.run("runs", "cancel", id);
  expect(await shop.end(id)).toMatchObject({
    state_type: "CANCELLED",
    state: { message: expect.stringContaining("SIGKILL") },
  });
  const started = readFileSync(pids, "utf8").trim().split(" ").map(Number);
  await until("all its processes are gone", () => !started.some(isAlive));
  agent = impatient;
});

test("[AG28] a server that is killed and comes back finds the run going on, and hears of its end", async () => {
  const patient = await shop.agent({ lease: "60s" });
  agent.signal("SIGTERM");
  expect(await agent.ended).toBe(0);
  agent = patient;
  const [log, release] = [shop.path("restart.log"), shop.path("restart-release")];
  const { id } = await shop.start("patient", { log, release });
  await until("the run has begun", () => existsSync(log));
  shop.server = await shop.server.restart();
  await until("the agent is connected again", () => agent.output().includes("Connected again."));
  writeFileSync(release, "");
  expect(await shop.end(id)).toMatchObject({ state_type: "COMPLETED", run_count: 1, state: { data: { attempt: 1 } } });
});
