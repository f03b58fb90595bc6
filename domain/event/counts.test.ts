import { expect, test } from "vitest";
import { formatInstant, type Instant, parseInstant } from "../time.ts";
import { CountByName, CountByTime, stepOf, stepProblem } from "./counts.ts";

const at = (text: string) => parseInstant(text) as Instant;
const NOW = at("2026-05-13T12:30:00Z");
const event = (name: string, resource: Record<string, string>, when: string) => ({
  event: name,
  resource,
  at: at(when),
});

const byTime = (since: string, until: string, unit: "week" | "day" | "hour", interval: number, times: string[]) => {
  const counter = new CountByTime({ since: at(since), until: at(until) }, { unit, interval, now: NOW });
  for (const time of times) counter.add(event("e", {}, time));
  return counter.counts();
};

test("[DO60] days without events are told too, and the last one is whole", () => {
  const days = byTime("2026-05-10T08:00:00Z", "2026-05-13T12:30:00Z", "day", 1, [
    "2026-05-10T09:00:00Z",
    "2026-05-12T00:00:00Z",
    "2026-05-12T23:59:59.999999Z",
  ]);
  expect(days.map(({ value, label, count }) => [value, label, count])).toEqual([
    ["0", "2026-05-10T00:00:00+00:00", 1],
    ["1", "2026-05-11T00:00:00+00:00", 0],
    ["2", "2026-05-12T00:00:00+00:00", 2],
    ["3", "2026-05-13T00:00:00+00:00", 0],
  ]);
  expect(formatInstant(days[3]?.end as Instant)).toBe("2026-05-13T23:59:59.999999Z");
});

test("[DO60] weeks begin on Monday, and what lies in the future has no steps beyond the present week", () => {
  const weeks = byTime("2026-05-06T00:00:00Z", "2030-01-01T00:00:00Z", "week", 1, []);
  expect(weeks.map(({ label }) => label)).toEqual(["2026-05-04T00:00:00+00:00", "2026-05-11T00:00:00+00:00"]);
});

test("[DO60] steps of several units begin at the moment that all counts share", () => {
  const steps = byTime("2026-05-13T01:00:00Z", "2026-05-13T12:00:00Z", "hour", 6, ["2026-05-13T07:00:00Z"]);
  expect(steps.map(({ label, count }) => [label, count])).toEqual([
    ["2026-05-13T00:00:00+00:00", 0],
    ["2026-05-13T06:00:00+00:00", 1],
  ]);
});

test("[DO60] more than a thousand steps are refused", () => {
  const span = { since: at("2026-05-01T00:00:00Z"), until: at("2026-05-13T00:00:00Z") };
  expect(stepProblem(span, stepOf("hour", 1))).toBeNull();
  expect(stepProblem(span, stepOf("minute", 1))).toContain("17280 buckets");
});

test("[DO60] the most frequent comes first, a resource under the name of its newest event", () => {
  const counter = new CountByName("resource");
  const id = { "prefect.resource.id": "r.1" };
  counter.add(event("e", { ...id, "prefect.resource.name": "new" }, "2026-05-13T02:00:00Z"));
  counter.add(event("e", { ...id, "prefect.resource.name": "old" }, "2026-05-13T01:00:00Z"));
  counter.add(event("e", { "prefect.resource.id": "r.0" }, "2026-05-13T03:00:00Z"));
  expect(counter.counts().map(({ value, label, count }) => [value, label, count])).toEqual([
    ["r.1", "new", 2],
    ["r.0", "r.0", 1],
  ]);
  const names = new CountByName("event");
  names.add(event("b", id, "2026-05-13T02:00:00Z"));
  names.add(event("a", id, "2026-05-13T02:00:00Z"));
  expect(names.counts().map(({ value }) => value)).toEqual(["a", "b"]);
});
