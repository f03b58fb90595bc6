import fc from "fast-check";
import { expect, test } from "vitest";
import { type EventFilter, type FilteredEvent, isOfRun, matchesEvent } from "./events.ts";
import { matchesPattern } from "./glob.ts";

const event: FilteredEvent = {
  id: "event-1",
  event: "prefect.flow-run.Completed",
  resource: { "prefect.resource.id": "prefect.flow-run.1", "prefect.resource.name": "steady-heron" },
  related: [
    { "prefect.resource.id": "prefect.flow.1", "prefect.resource.role": "flow", "prefect.resource.name": "etl" },
    { "prefect.resource.id": "prefect.tag.nightly", "prefect.resource.role": "tag" },
  ],
  payload: { intended: { from: "RUNNING", to: "COMPLETED" } },
};

test.each<[string, EventFilter, boolean]>([
  ["nothing", {}, true],
  ["a prefix", { event: { prefix: ["prefect.task-run.", "prefect.flow-run."] } }, true],
  ["an excluded prefix", { event: { exclude_prefix: ["prefect."] } }, false],
  ["a name", { event: { name: ["prefect.flow-run.Failed"] } }, false],
  ["an excluded name", { event: { exclude_name: ["prefect.flow-run.Failed"] } }, true],
  ["empty lists", { event: { prefix: [], exclude_prefix: [], name: [], exclude_name: [] }, id: { id: [] } }, true],
  ["its resource", { resource: { id: ["prefect.flow-run.1"] } }, true],
  ["not a related one", { resource: { id: ["prefect.flow.1"] } }, false],
  ["a beginning of its resource", { resource: { id_prefix: ["prefect.flow-run."] } }, true],
  ["a label", { resource: { labels: { "prefect.resource.name": "steady-*" } } }, true],
  ["one of the values of a label", { resource: { labels: { "prefect.resource.name": ["x", "*heron"] } } }, true],
  ["a label without values", { resource: { labels: { "prefect.resource.name": [] } } }, false],
  ["a label that is not there", { resource: { labels: { other: "!x" } } }, false],
  ["a label that objects have", { resource: { labels: { constructor: "*" } } }, false],
  ["no labels", { resource: { labels: {} } }, true],
  ["a related resource", { related: { id: ["prefect.flow.1"] } }, true],
  ["not its own resource", { related: { id: ["prefect.flow-run.1"] } }, false],
  ["a role", { related: { role: ["tag"] } }, true],
  ["one resource in all respects", { related: { id: ["prefect.flow.1"], role: ["tag"] } }, false],
  ["a resource in a role", { related: { resources_in_roles: [["prefect.flow.1", "flow"]] } }, true],
  ["a resource in another role", { related: { resources_in_roles: [["prefect.flow.1", "tag"]] } }, false],
  ["a related label", { related: { labels: { "prefect.resource.name": "etl" } } }, true],
  ["any resource", { any_resource: { id: ["prefect.flow.1"] } }, true],
  ["any resource, its own", { any_resource: { id_prefix: ["prefect.flow-run."] } }, true],
  ["several resources", { any_resource: [{ id: ["prefect.flow.1"] }, { id_prefix: ["prefect.tag."] }] }, true],
  ["several resources, one of them not there", { any_resource: [{ id: ["prefect.flow.1"] }, { id: ["x"] }] }, false],
  ["several related ones", { related: [{ role: ["flow"] }, { role: ["tag"] }] }, true],
  ["several related ones, one of them not there", { related: [{ role: ["flow"] }, { role: ["task"] }] }, false],
  ["no resource", { any_resource: { id: ["prefect.flow.2"] } }, false],
  ["its id", { id: { id: ["event-1"] } }, true],
  ["another id", { id: { id: ["event-2"] } }, false],
  ["text of a value", { text: { query: "HERON -failed" } }, true],
  ["text of the payload", { text: { query: "+running +etl" } }, true],
  ["text that is not there", { text: { query: "crashed" } }, false],
])("[FI14] by %s", (_case, filter, expected) => {
  expect(matchesEvent(filter, event)).toBe(expected);
});

test.each<[string, EventFilter, boolean]>([
  ["asking nothing of related ones", { related: {} }, true],
  ["asking a role", { related: { role: ["flow"] } }, false],
])("[FI14] of an event that relates to nothing: %s", (_case, filter, expected) => {
  expect(matchesEvent(filter, { ...event, related: [] })).toBe(expected);
});

test.each([
  ["[AP97] of the run", "prefect.flow-run.7", [], true],
  ["[AP97] of a task run of it", "prefect.task-run.1", [["prefect.flow-run.7", "flow-run"]], true],
  ["[AP97] of a task run of another", "prefect.task-run.1", [["prefect.flow-run.8", "flow-run"]], false],
  ["[AP97] of a task run that names it otherwise", "prefect.task-run.1", [["prefect.flow-run.7", "parent"]], false],
  ["[AP97] of another run", "prefect.flow-run.8", [["prefect.flow-run.7", "flow-run"]], false],
  ["[AP97] of another run whose id begins alike", "prefect.flow-run.71", [], false],
] as const)("%s: an event of run 7", (_case, id, related, expected) => {
  const labels = related.map(([one, role]) => ({ "prefect.resource.id": one, "prefect.resource.role": role }));
  expect(isOfRun({ resource: { "prefect.resource.id": id }, related: labels }, "7")).toBe(expected);
});

test.each([
  ["etl", "etl", true],
  ["etl", "ETL", false],
  ["", "", true],
  ["*", "", true],
  ["prefect.*.1", "prefect.flow.1", true],
  ["prefect.*.1", "prefect.flow.12", false],
  ["*a*b", "xaxaxb", true],
  ["*a*b", "xbxa", false],
  ["fl?w", "flow", true],
  ["fl?w", "flw", false],
  ["!etl", "elt", true],
  ["!etl*", "etl-2", false],
  ["a.c", "abc", false],
])("[FI15] %j for %j", (pattern, value, expected) => {
  expect(matchesPattern(pattern, value)).toBe(expected);
});

test("[FI15] a pattern means what the regular expression of it means", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, value) => {
      const regular = new RegExp(`^${glob.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
      expect(matchesPattern(glob, value)).toBe(regular.test(value));
    }),
    { numRuns: 2000 },
  );
});

test("[FI15] many stars take no longer than few", () => {
  expect(matchesPattern(`${"*a".repeat(5_000)}b`, "a".repeat(20_000))).toBe(false);
});
