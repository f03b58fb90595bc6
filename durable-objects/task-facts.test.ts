import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { laterBy } from "../test/workerd/clock.ts";
import { testEnv } from "../test/workerd/env.ts";
import { begin, inPool } from "../test/workerd/runs.ts";
import { ask, makeTenant, type TestTenant } from "../test/workerd/tenant.ts";
import { concurrencyLimitAt } from "./addresses.ts";
import { ConcurrencyLimit } from "./concurrency-limit/concurrency-limit.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await call("POST /flows/", { name: "flow" })).id;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const LimitRpc = ConcurrencyLimit.prototype;

const call = async (route: string, body?: unknown) => (await ask(route, { token: a.key, body })).body;

/** A task run of a RUNNING flow run, and how it is moved. */
async function task(tags: string[] = []) {
  const run = await call("POST /flow_runs/", { flow_id: flow, state: { type: "RUNNING" } });
  const made = await call("POST /task_runs/", { flow_run_id: run.id, task_key: "t", dynamic_key: "0", tags });
  const set = (type: string, details: object = {}, more: object = {}) =>
    call(`POST /task_runs/${made.id}/set_state`, { state: { type, state_details: details, ...more } });
  return { run, id: made.id as string, set };
}

test("[KI50] of two task runs of a limited tag one runs, and the other when the first has ended", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const [first, second] = [await task(["db"]), await task(["db", "other"])];
  expect(await first.set("RUNNING")).toMatchObject({ status: "ACCEPT" });
  expect(await second.set("RUNNING")).toMatchObject({ status: "WAIT", details: { delay_seconds: expect.any(Number) } });
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([first.id]);
  await first.set("COMPLETED");
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([]);
  expect(await second.set("RUNNING")).toMatchObject({ status: "ACCEPT" });
});

test("[KI50] a slot that a refused task run does not need is given back", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const { run, set } = await task(["db"]);
  await call(`POST /flow_runs/${run.id}/set_state`, { state: { type: "CANCELLING" }, force: true });
  expect(await set("RUNNING")).toMatchObject({ status: "ABORT" });
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([]);
});

test("[KI51] an answer is found under its key, by its own workspace, until it expires", async () => {
  const data = { type: "reference", storage_key: "k" };
  const [first, second, third, fourth] = [await task(), await task(), await task(), await task()];
  await first.set("RUNNING", { cache_key: "answer" });
  await first.set("COMPLETED", { cache_key: "answer" }, { data });
  const ours = a;
  a = await makeTenant();
  flow = (await call("POST /flows/", { name: "flow" })).id;
  expect(await (await task()).set("RUNNING", { cache_key: "answer" })).toMatchObject({ status: "ACCEPT" });
  a = ours;
  const cached = await second.set("RUNNING", { cache_key: "answer" });
  expect(cached).toMatchObject({ status: "REJECT", state: { type: "COMPLETED", name: "Cached", data } });
  expect(await third.set("RUNNING", { cache_key: "answer", refresh_cache: true })).toMatchObject({ status: "ACCEPT" });
  await third.set("COMPLETED", { cache_key: "answer", cache_expiration: "2020-01-01T00:00:00Z" }, { data });
  expect(await fourth.set("RUNNING", { cache_key: "answer" })).toMatchObject({ status: "ACCEPT" });
});

test("[KI52] a flow run that dies gives back what its task runs had, and so does one that is deleted", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const active = async () => (await call("GET /concurrency_limits/tag/db")).active_slots;
  const [first, second, third] = [await task(["db"]), await task(["db"]), await task(["db"])];
  await first.set("RUNNING");
  expect(await active()).toEqual([first.id]);
  await call(`POST /flow_runs/${first.run.id}/set_state`, { state: { type: "CRASHED" } });
  expect(await active()).toEqual([]);
  expect(await second.set("RUNNING")).toMatchObject({ status: "ACCEPT" });
  await ask(`DELETE /flow_runs/${second.run.id}`, { token: a.key });
  expect(await active()).toEqual([]);
  await third.set("RUNNING");
  await ask(`DELETE /task_runs/${third.id}`, { token: a.key });
  expect(await active()).toEqual([]);
});

test("[KI52] slots that could not be given back at the end of a flow run are given back by its alarm", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const { run, id, set } = await task(["db"]);
  await set("RUNNING");
  const away = vi.spyOn(LimitRpc, "releaseHolder").mockRejectedValue(new Error("away"));
  await call(`POST /flow_runs/${run.id}/set_state`, { state: { type: "FAILED" } });
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([id]);
  away.mockRestore();
  laterBy(11);
  await runDurableObjectAlarm(testEnv.FLOW_RUN.getByName(`${a.workspace}/${run.id}`));
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([]);
});

test("[KI52] a run that is taken from a lost agent leaves the next one the slots of its tasks, now or by its alarm", async () => {
  const { id: limit } = await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const run = await begin(a.owner, { ...inPool(), lossPolicy: "reclaim" });
  const attempt = async (session: string) => {
    const claim = await run.object.claim(a.owner, run.id, { agent: "agent", session });
    if (!("generation" in claim)) throw new Error("not granted");
    const reporter = { run: run.id, generation: claim.generation };
    await run.set("RUNNING", {}, { reporter });
    const birth = { taskKey: "t", dynamicKey: session, tags: ["db"], id: null, offeredName: session };
    const made = await run.object.createTaskRun(a.owner, run.id, birth, reporter);
    if (!("taskRun" in made)) throw new Error("not made");
    const how = { force: false, reporter };
    const judged = await run.object.setTaskRunState(a.owner, made.taskRun.id, { type: "RUNNING" }, how);
    return {
      generation: claim.generation,
      task: made.taskRun.id,
      entered: judged && "entered" in judged && judged.entered,
    };
  };
  const holders = async () =>
    (await concurrencyLimitAt(testEnv, a.workspace, limit).occupation(a.owner)).held.map(({ holder }) => holder?.id);
  const first = await attempt("first");
  expect(await holders()).toEqual([first.task]);
  await run.object.lose(a.owner, first.generation);
  expect(await holders()).toEqual([]);
  const second = await attempt("second");
  expect(second.entered).toBe(true);

  const away = vi.spyOn(LimitRpc, "releaseHolder").mockRejectedValue(new Error("away"));
  await run.object.lose(a.owner, second.generation);
  const third = await attempt("third");
  expect(third.entered).toBe(false);
  away.mockRestore();
  laterBy(11);
  await runDurableObjectAlarm(testEnv.FLOW_RUN.getByName(`${a.workspace}/${run.id}`));
  expect(await holders()).toEqual([]);
});

test("[KI50] a slot that could not be given back when a task ended is given back by the run's alarm", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const { run, id, set } = await task(["db"]);
  await set("RUNNING");
  const away = vi.spyOn(LimitRpc, "releaseHolder").mockRejectedValue(new Error("away"));
  expect(await set("COMPLETED")).toMatchObject({ status: "ACCEPT" });
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([id]);
  away.mockRestore();
  laterBy(11);
  await runDurableObjectAlarm(testEnv.FLOW_RUN.getByName(`${a.workspace}/${run.id}`));
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([]);
});

test("[BT7] background tasks share the slots of their tags, and answers", async () => {
  await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
  const background = async (tags: string[], key: string) => {
    const body = { task_key: "b", dynamic_key: key, tags, state: { type: "PENDING" } };
    const { id } = await call("POST /task_runs/", body);
    const set = (type: string, details: object = {}, more: object = {}) =>
      call(`POST /task_runs/${id}/set_state`, { state: { type, state_details: details, ...more } });
    return { id, set };
  };
  const [first, second] = [await background(["db"], "1"), await background(["db"], "2")];
  expect(await first.set("RUNNING", { cache_key: "k" })).toMatchObject({ status: "ACCEPT" });
  expect(await second.set("RUNNING")).toMatchObject({ status: "WAIT" });
  await first.set("COMPLETED", { cache_key: "k" }, { data: { type: "reference" } });
  expect((await call("GET /concurrency_limits/tag/db")).active_slots).toEqual([]);
  expect(await second.set("RUNNING", { cache_key: "k" })).toMatchObject({
    status: "REJECT",
    state: { name: "Cached" },
  });
  const third = await background(["db"], "3");
  expect(await third.set("RUNNING", { cache_key: "k", deferred: true })).toMatchObject({ state: { name: "Cached" } });
  await call("POST /concurrency_limits/", { tag: "own", concurrency_limit: 1 });
  const fourth = await background(["own"], "4");
  await fourth.set("RUNNING");
  expect((await call("GET /concurrency_limits/tag/own")).active_slots).toEqual([fourth.id]);
  await ask(`DELETE /task_runs/${fourth.id}`, { token: a.key });
  expect((await call("GET /concurrency_limits/tag/own")).active_slots).toEqual([]);
});
