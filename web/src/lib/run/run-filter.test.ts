import fc from "fast-check";
import { expect, test } from "vitest";
import {
  EVERYTHING,
  formatRunFilter,
  isNarrowed,
  PAGE_SIZE,
  parseRunFilter,
  type RunFilter,
  runFilterToWire,
  SORTS,
  STATE_TERMS,
  type StateTerm,
  WHENS,
  withTerm,
} from "./run-filter.ts";

const NOW = Date.UTC(2026, 10, 24, 13);
const term = fc.constantFrom(...(Object.keys(STATE_TERMS) as StateTerm[]));
const moment = fc
  .date({ min: new Date("1971-01-01"), max: new Date("2199-01-01"), noInvalidDate: true })
  .map((at) => at.toISOString());

const filters: fc.Arbitrary<RunFilter> = fc
  .record({
    is: fc.uniqueArray(term),
    not: fc.uniqueArray(term),
    name: fc.string({ maxLength: 40 }).map((name) => name.trim()),
    flows: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
    deployments: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
    tags: fc.uniqueArray(
      fc
        .string({ minLength: 1 })
        .map((tag) => tag.trim())
        .filter(Boolean),
      { maxLength: 3 },
    ),
    when: fc.constantFrom(...WHENS),
    from: fc.option(moment),
    to: fc.option(moment),
    sort: fc.constantFrom(...SORTS),
    page: fc.integer({ min: 1, max: 1000 }),
  })
  .map((filter) => ({
    ...filter,
    not: filter.not.filter((other) => !filter.is.includes(other)),
    ...(filter.when !== "between" ? { from: null, to: null } : {}),
    ...(filter.when === "between" && !filter.from && !filter.to ? { when: "due" as const } : {}),
  }));

test("[WE10] a list's address holds everything: reading it gives the same list", () => {
  fc.assert(
    fc.property(filters, (filter) => {
      expect(parseRunFilter(new URLSearchParams(formatRunFilter(filter)))).toEqual(filter);
    }),
  );
});

test("[WE10] any address at all gives a list", () => {
  fc.assert(
    fc.property(fc.webQueryParameters(), (query) => {
      const filter = parseRunFilter(new URLSearchParams(query));
      expect(() => runFilterToWire(filter, NOW)).not.toThrow();
    }),
  );
});

test.each([
  ["?state=failed,!late", { is: ["failed"], not: ["late"] }],
  ["?state=FAILED,nonsense,!", { is: ["failed"], not: [] }],
  ["?state=failed,!failed", { is: ["failed"], not: [] }],
  ["?page=0", { page: 1 }],
  ["?page=1e9", { page: 1 }],
  ["?flow=../admin", { flows: [] }],
  ["?from=yesterday", { when: "due", from: null }],
  ["?when=upcoming", { when: "upcoming" }],
] as const)("[WE10] %s is read as %j", (search, part) => {
  expect(parseRunFilter(new URLSearchParams(search))).toMatchObject(part);
});

test("[WE10] an address stays readable", () => {
  expect(formatRunFilter({ ...EVERYTHING, is: ["failed", "crashed"], not: ["late"] })).toBe(
    "?state=failed,crashed,!late",
  );
  expect(formatRunFilter(EVERYTHING)).toBe("");
  expect(isNarrowed({ ...EVERYTHING, page: 3, sort: "name" })).toBe(false);
});

test("[WE11] the plain list hides what is not due yet, and the list of upcoming runs shows nothing else", () => {
  const plain = runFilterToWire(EVERYTHING, NOW).scope.flow_runs;
  expect(plain.expected_start_time).toEqual({ after_: null, before_: "2026-11-24T13:00:05.000Z" });
  expect(plain.state).toBeNull();
  const upcoming = runFilterToWire({ ...EVERYTHING, when: "upcoming" }, NOW);
  expect(upcoming.scope.flow_runs.state).toMatchObject({ type: { any_: ["SCHEDULED"] } });
  expect(upcoming.scope.flow_runs.expected_start_time).toEqual({ after_: "2026-11-24T13:00:00.000Z", before_: null });
  expect(upcoming.page.sort).toBe("EXPECTED_START_TIME_ASC");
});

test.each([
  [["failed", "crashed"], [], { operator: "and_", type: { any_: ["FAILED", "CRASHED"] }, name: null }],
  [["late"], [], { operator: "or_", type: null, name: { any_: ["Late"] } }],
  [["failed", "late"], [], { operator: "or_", type: { any_: ["FAILED"] }, name: { any_: ["Late"] } }],
  [[], ["completed"], { operator: "and_", type: { not_any_: ["COMPLETED"] }, name: null }],
  [["scheduled"], ["late"], { operator: "and_", type: { any_: ["SCHEDULED"] }, name: { not_any_: ["Late"] } }],
] as const)("[WE12] states %j but not %j are asked of the API as %j", (is, not, wire) => {
  expect(runFilterToWire({ ...EVERYTHING, is: [...is], not: [...not] }, NOW).scope.flow_runs.state).toEqual(wire);
});

test("[WE12] choosing a state begins again at the first page, and never asks and excludes at once", () => {
  fc.assert(
    fc.property(filters, term, fc.constantFrom("is", "not", null), (filter, chosen, wish) => {
      const next = withTerm(filter, chosen, wish);
      expect(next.page).toBe(1);
      expect(next.is.includes(chosen)).toBe(wish === "is");
      expect(next.not.includes(chosen)).toBe(wish === "not");
    }),
  );
});

test("[WE10] pages are cut in the same size everywhere", () => {
  expect(runFilterToWire({ ...EVERYTHING, page: 3 }, NOW).page).toMatchObject({
    limit: PAGE_SIZE,
    offset: 2 * PAGE_SIZE,
  });
});
