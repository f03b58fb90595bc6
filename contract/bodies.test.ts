import { expect, test } from "vitest";
import type { z } from "zod";
import { accounts } from "./accounts.ts";
import { artifacts } from "./artifacts.ts";
import { flowRuns } from "./flow-runs.ts";
import { flows } from "./flows.ts";
import { logs } from "./logs.ts";
import { DispatchMessage } from "./messages/dispatch.ts";
import { Uuid } from "./wire.ts";

const ID = "01900000-0000-7000-8000-00000000000a";
const run = (changes: object = {}) => ({ flow_id: ID, ...changes });
const many = (count: number) => Array.from({ length: count }, () => "x");

const create = flowRuns.create.body;
const filter = flowRuns.filter.body;
const setState = flowRuns.setState.body;

test.each<[string, z.ZodType, unknown, string]>([
  ["[CO4] a field that the wire does not know", create, run({ surprise: 1 }), ""],
  [
    "[CO4] fields that are the server's to give",
    create,
    run({ id: ID, created: "2026-01-01T00:00:00Z", run_count: 5 }),
    "",
  ],
  ["[CO4] a flow that is not named", create, {}, "flow_id"],
  ["[CO4] an id that is none", create, run({ flow_id: "x" }), "flow_id"],
  ["[CO4] parameters that are a list", create, run({ parameters: [] }), "parameters"],
  ["[CO4] a name of ten thousand letters", create, run({ name: "x".repeat(10_000) }), "name"],
  ["[CO4] a thousand and one tags", create, run({ tags: many(1001) }), "tags"],
  ["[CO4] labels that are deep", create, run({ labels: { a: {} } }), "labels.a"],
  ["[CO4] a state of no type", setState, { state: { type: "DONE" } }, "state.type"],
  [
    "[CO4] a state's name of ten thousand letters",
    setState,
    { state: { type: "RUNNING", name: "x".repeat(10_000) } },
    "state.name",
  ],
  [
    "[CO4] a timestamp that somebody wants",
    setState,
    { state: { type: "RUNNING", timestamp: "2030-01-01T00:00:00Z" } },
    "state",
  ],
  [
    "[CO4] a moment that no calendar has",
    setState,
    { state: { type: "SCHEDULED", state_details: { scheduled_time: "2026-02-30T00:00:00Z" } } },
    "state.state_details.scheduled_time",
  ],
  ["[CO4] a list of 201", filter, { limit: 201 }, "limit"],
  ["[CO4] a limit below none", filter, { limit: -1 }, "limit"],
  ["[CO4] an offset beyond all lists", filter, { offset: 1e9 }, "offset"],
  ["[CO4] an order that nobody knows", filter, { sort: "id; DROP TABLE" }, "sort"],
  ["[CO4] a filter on what is not there", filter, { flow_runs: { secret: {} } }, "flow_runs"],
  [
    "[CO4] more values than a filter takes",
    filter,
    { flow_runs: { name: { any_: many(5001) } } },
    "flow_runs.name.any_",
  ],
  [
    "[CO4] a pattern of thousands of letters",
    filter,
    { flow_runs: { name: { like_: "%a".repeat(1000) } } },
    "flow_runs.name.like_",
  ],
  ["[CO4] a flow without a name", flows.create.body, {}, "name"],
  ["[CO4] a log line without a time", logs.create.body, [{ name: "n", level: 20, message: "m" }], "0.timestamp"],
  [
    "[CO4] a log line of megabytes",
    logs.create.body,
    [{ name: "n", level: 20, message: "m".repeat(1_000_001), timestamp: "2026-01-01T00:00:00Z" }],
    "0.message",
  ],
  ["[CO4] an artifact's key with capitals", artifacts.create.body, { key: "Key" }, "key"],
  [
    "[CO4] a handle that is no part of an address",
    accounts.createWorkspace.body,
    { name: "n", handle: "a/b" },
    "handle",
  ],
  ["[CO4] a scope that nobody can hold", accounts.createBot.body, { name: "n", scopes: ["*"] }, "scopes.0"],
  ["[CO4] a dispatch message of another version", DispatchMessage, { v: 2 }, "v"],
])("%s is refused, with its place", (_case, schema, value, place) => {
  const { error } = schema.safeParse(value);
  expect(error?.issues.map(({ path }) => path.join("."))).toContain(place);
});

test.each<[string, z.ZodType, unknown, object]>([
  [
    "[CO5] null and absent mean the same",
    create,
    run({ name: null, state: null, tags: [] }),
    { name: null, state: null },
  ],
  [
    "[CO5] what is left out has the wire's default",
    create,
    run(),
    { parameters: {}, context: {}, tags: [], labels: null },
  ],
  [
    "[CO5] no body of a list asks for everything",
    filter,
    {},
    { limit: 200, offset: 0, sort: "ID_DESC", flow_runs: null },
  ],
  [
    "[CO5] fields of a list that are not its own are ignored, as the wire ignores them",
    filter,
    { artifacts: {}, x: 1 },
    { limit: 200 },
  ],
  [
    "[CO5] a state is called after its type",
    setState,
    { state: { type: "SCHEDULED" } },
    { force: false, state: { name: "Scheduled" } },
  ],
])("%s", (_case, schema, value, expected) => {
  expect(schema.parse(value)).toMatchObject(expected);
});

test.each([
  ["[CO5] in capitals", ID.toUpperCase()],
  ["[CO5] without dashes", ID.replaceAll("-", "")],
])("an id %s is the same id", (_case, text) => {
  expect(Uuid.parse(text)).toBe(ID);
});
