import fc from "fast-check";
import { expect, test } from "vitest";
import { instant } from "../time.ts";
import { PageOfEvents, type Place } from "./page.ts";

interface Told {
  id: string;
  at: number;
  resource: string;
}

const event = ({ id, resource }: Told) => ({
  id,
  event: "e",
  resource: { "prefect.resource.id": resource },
  related: [],
});

function page(
  told: readonly Told[],
  after: Place | null,
  wish: { limit: number; descending: boolean; distinct: boolean },
) {
  const made = new PageOfEvents({ ...wish, after });
  for (const one of told) made.add(event(one), instant(one.at));
  return made.end();
}

const events = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 500 }).map(String),
    at: fc.integer({ min: 0, max: 20 }),
    resource: fc.constantFrom("a", "b", "c"),
  }),
  { selector: ({ id }) => id, maxLength: 120 },
);

test("[DO61] the pages of a list hold each event once, in order, however they were told", () => {
  fc.assert(
    fc.property(
      events,
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.boolean(),
      (told, limit, descending, distinct) => {
        const turn = descending ? -1 : 1;
        const order = (one: Told, other: Told) => turn * (one.at - other.at || (one.id < other.id ? -1 : 1));
        const sorted = [...told].sort(order);
        const meant = distinct
          ? sorted.filter(({ resource }, at) => sorted.findIndex((one) => one.resource === resource) === at)
          : sorted;
        const twice = [...told, ...told.slice(0, 5)];
        const seen: string[] = [];
        for (let after: Place | null = null, pages = 0; ; pages++) {
          const { total, events, next } = page(twice, after, { limit, descending, distinct });
          expect(total).toBe(meant.length);
          seen.push(...events.map(({ id }) => id));
          if (!next) break;
          expect(pages).toBeLessThan(meant.length);
          after = next;
        }
        expect(seen).toEqual(meant.map(({ id }) => id));
      },
    ),
  );
});

test("[DO61] what is told between two pages shifts nothing", () => {
  const told = [1, 2, 3, 4].map((at) => ({ id: String(at), at, resource: "r" }));
  const wish = { limit: 2, descending: true, distinct: false };
  const first = page(told, null, wish);
  const second = page([...told, { id: "9", at: 9, resource: "r" }], first.next, wish);
  expect([first, second].map(({ events }) => events.map(({ id }) => id))).toEqual([
    ["4", "3"],
    ["2", "1"],
  ]);
});
