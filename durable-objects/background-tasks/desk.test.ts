import { type Instant, instant } from "@millrace/domain/time.ts";
import { beforeEach, expect, test } from "vitest";
import { Disk, MemoryStore } from "../../test/faults/platform/memory-store.ts";
import { NOTHING_GATHERED } from "../task-facts.ts";
import { Desk, type NewBackgroundTask } from "./desk.ts";

const FORCED = { force: true, gathered: NOTHING_GATHERED };

let disk: Disk;
let time: number;
let ids: number;
beforeEach(() => {
  disk = new Disk();
  time = 1_795_521_600_000_000;
  ids = 0;
});
const uuid = (number: number) => `01a20db2-ed5d-7acd-a6e9-${String(number).padStart(12, "0")}`;
/** The desk over what is stored, as after a crash. */
const desk = () =>
  new Desk(new MemoryStore({ disk }), { now: () => instant(time++) as Instant, newId: () => uuid(++ids) });

const input = (changes: Partial<NewBackgroundTask> = {}): NewBackgroundTask => ({
  id: null,
  offeredName: "bg",
  taskKey: "bg",
  dynamicKey: `dynamic-${++ids}`,
  state: { type: "SCHEDULED", details: { deferred: true } },
  ...changes,
});
function make(at: Desk, changes: Partial<NewBackgroundTask> = {}): string {
  const created = at.create(input(changes));
  if (!("taskRun" in created)) throw new Error(JSON.stringify(created));
  return created.taskRun.id;
}
const next = (at: Desk, keys = ["bg"], out: string[] = []) => at.next(keys, (id) => out.includes(id))?.place.id ?? null;
/** All that would be handed out, in order. */
function line(at: Desk, keys = ["bg"]): string[] {
  const out: string[] = [];
  for (let id = next(at, keys, out); id !== null; id = next(at, keys, out)) out.push(id);
  return out;
}
const event = (id: string, type: string, second: number, more: object = {}) => ({
  id: uuid(900 + second),
  occurred: `2026-11-24T13:17:${String(second).padStart(2, "0")}Z`,
  event: `prefect.task-run.${type}`,
  resource: { "prefect.resource.id": `prefect.task-run.${id}`, "prefect.orchestration": "client" },
  related: [],
  payload: { validated_state: { type }, task_run: { task_key: "bg", dynamic_key: "loose" }, ...more },
  follows: null,
});

test("[BT1] a task run that is made twice, by its id or its keys, is made once", () => {
  const first = make(desk(), { id: uuid(500), dynamicKey: "d" });
  expect(desk().create(input({ id: first }))).toMatchObject({
    kind: "existing",
    taskRun: { id: first, dynamicKey: "d" },
  });
  expect(desk().create(input({ dynamicKey: "d" }))).toMatchObject({ kind: "existing", taskRun: { id: first } });
  expect(line(desk())).toEqual([first]);
});

test("[BT2] it waits, whatever ends meanwhile, until it is taken", () => {
  const id = make(desk());
  expect(line(desk())).toEqual([id]);
  desk().taken(id);
  expect(line(desk())).toEqual([]);
  expect(desk().get(id)?.state?.type).toBe("SCHEDULED");
});

test.each(["PENDING", "RUNNING", "CANCELLED"] as const)("[BT2] one that became %s waits no longer", (type) => {
  const id = make(desk());
  expect(desk().propose(id, { type }, FORCED)).toMatchObject({ verdict: { kind: "accept" } });
  expect(line(desk())).toEqual([]);
});

test("[BT2] one that is not deferred, or not of the keys, is for nobody", () => {
  make(desk(), { state: { type: "SCHEDULED" } });
  make(desk(), { state: { type: "PENDING" } });
  make(desk(), { taskKey: "other" });
  expect(line(desk())).toEqual([]);
});

test("[BT2] at most 10,000 of one key wait; another key is not hindered", () => {
  const at = desk();
  for (let made = 0; made < 10_000; made++) make(at);
  expect(at.create(input())).toMatchObject({ code: "too_many", limit: 10_000 });
  expect(at.create(input({ taskKey: "other" }))).toMatchObject({ kind: "created" });
  expect(at.create(input({ state: { type: "PENDING" } }))).toMatchObject({ kind: "created" });
});

test("[BT3] what waits longest goes first, of several keys too", () => {
  const made = [make(desk()), make(desk(), { taskKey: "other" }), make(desk())];
  expect(line(desk(), ["other", "bg"])).toEqual(made);
});

test("[BT3] what comes back, or waits for a retry, goes before the rest", () => {
  const made = [make(desk()), make(desk()), make(desk())] as [string, string, string];
  desk().returned(made[2]);
  const retried = make(desk(), { state: { type: "SCHEDULED", name: "AwaitingRetry", details: { deferred: true } } });
  expect(line(desk())).toEqual([made[2], retried, made[0], made[1]]);
  desk().returned(made[2]);
  expect(line(desk())).toHaveLength(4);
});

test("[BT2] one that is scheduled anew waits anew", () => {
  const id = make(desk());
  desk().taken(id);
  desk().propose(id, { type: "RUNNING" }, FORCED);
  desk().propose(id, { type: "SCHEDULED", name: "AwaitingRetry", details: { deferred: true } }, FORCED);
  expect(line(desk())).toEqual([id]);
});

test("[BT5] events make and move task runs of no flow run, late and double ones too", () => {
  const id = uuid(700);
  const told = [event(id, "RUNNING", 2), event(id, "COMPLETED", 3), event(id, "PENDING", 1), event(id, "COMPLETED", 3)];
  desk().record(told);
  expect(desk().get(id)?.state?.type).toBe("COMPLETED");
  expect(
    desk()
      .states(id)
      ?.map(({ type }) => type),
  ).toEqual(["PENDING", "RUNNING", "COMPLETED"]);
  expect(desk().state(uuid(902))).toMatchObject({ type: "RUNNING" });
});

test("[BT5] an event of a SCHEDULED state makes nobody wait: its sender runs it", () => {
  desk().record([
    event(uuid(700), "SCHEDULED", 1, { validated_state: { type: "SCHEDULED", state_details: { deferred: true } } }),
  ]);
  expect(line(desk())).toEqual([]);
});

test("[BT5] an event within a flow run is not for here", () => {
  const of = {
    related: [{ "prefect.resource.id": `prefect.flow-run.${uuid(3)}`, "prefect.resource.role": "flow-run" }],
  };
  desk().record([{ ...event(uuid(700), "RUNNING", 1), ...of }, { event: "prefect.task-run.x" }, null]);
  expect([...desk().all()]).toEqual([]);
});

test("[BT5] log lines are kept with their task run, and go with it", () => {
  const id = make(desk());
  const lineOf = (taskRunId: string, message: string) => ({
    name: "l",
    level: 20,
    message,
    timestamp: instant(1),
    taskRunId,
  });
  desk().appendLogs([lineOf(id, "one"), lineOf(uuid(999), "nobody's"), lineOf(id, "two")]);
  const query = { filter: {}, sort: "TIMESTAMP_ASC", limit: 10 } as const;
  expect(
    desk()
      .logs([id, uuid(999)], query)
      .map(({ message, flowRunId }) => [message, flowRunId]),
  ).toEqual([
    ["one", null],
    ["two", null],
  ]);
  expect(desk().remove(id)).toBe(true);
  expect([...disk.entries.keys()]).toEqual([]);
});

test("[KI41] large data of a state lie apart, and are read with the task run", () => {
  const data = { text: "x".repeat(100_000) };
  const id = make(desk());
  desk().propose(id, { type: "COMPLETED", data }, FORCED);
  expect(desk().get(id)?.state?.data).toEqual(data);
  expect(desk().states(id)?.at(-1)?.data).toEqual(data);
  expect(disk.entries.get(`task/${id}`)?.length).toBeLessThan(2_000);
  desk().rename(id, "renamed");
  expect(desk().get(id)).toMatchObject({ name: "renamed", state: { data } });
  desk().remove(id);
  expect(disk.entries.size).toBe(0);
});

test("[KI41] what no row can hold is refused, and nothing of it is kept", () => {
  const tags = Array.from({ length: 1000 }, (_, at) => `${at}`.padEnd(500, "x"));
  expect(desk().create(input({ tags }))).toMatchObject({ code: "too_large" });
  expect(disk.entries.size).toBe(0);
});
