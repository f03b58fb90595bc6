import { expect, test } from "vitest";
import { instant } from "../time.ts";
import { ObservedStates } from "./observed-states.ts";

const states = new ObservedStates();
const met = (type: string, name: string, at: number) =>
  states.add({ "prefect.state-type": type, "prefect.state-name": name }, instant(at));
met("COMPLETED", "Completed", 5);
met("COMPLETED", "Cached", 9);
met("COMPLETED", "Completed", 2);
met("RUNNING", "Running", 7);
met("NONSENSE", "Nonsense", 8);
states.add({ "prefect.resource.id": "prefect.flow-run.1" }, instant(1));

const listed = (query: string, newestFirst = true, limit = 200) =>
  states.list({ query, newestFirst, limit }).map(({ name, first, last }) => [name, first, last]);

test("[DO62] each type and name once, with when it was met first and last", () => {
  expect(listed("")).toEqual([
    ["Cached", 9, 9],
    ["Running", 7, 7],
    ["Completed", 2, 5],
  ]);
  expect(listed("", false).map(([name]) => name)).toEqual(["Cached", "Completed", "Running"]);
  expect(listed("", false, 1)).toHaveLength(1);
});

test("[DO62] by the beginning of name or type", () => {
  expect(listed(" comp ").map(([name]) => name)).toEqual(["Cached", "Completed"]);
  expect(listed("ca").map(([name]) => name)).toEqual(["Cached"]);
  expect(listed("%")).toEqual([]);
});
