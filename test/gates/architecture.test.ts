import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StateType } from "@millrace/domain/state.ts";
import { expect, test } from "vitest";
import { alarmsSet, callsBetween, outcome, transitionTable } from "./architecture.ts";
import { files, ROOT, readAll } from "./tree.ts";

const page = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
const sources = readAll(files((path) => path.startsWith("durable-objects/") && path.endsWith(".ts")));
const specs = readAll(files((path) => path.endsWith("SPEC.md")));

/** The lines of a section, by its heading. */
function section(heading: string): string[] {
  const lines = page.split("\n");
  const at = lines.indexOf(`## ${heading}`);
  expect(at, `the page has no section «${heading}»`).toBeGreaterThan(-1);
  const end = lines.findIndex((line, index) => index > at && line.startsWith("## "));
  return lines.slice(at + 1, end);
}

test("the page's table of transitions is what the rules say", () => {
  const shown = section("The states of a run").filter((line) => line.startsWith("|"));
  expect(shown).toEqual(transitionTable());
});

test("the page's diagram shows transitions that the rules allow", () => {
  const edges = section("The states of a run").flatMap((line) => {
    const [, from, to] = /^\s+(\w+) --> (\w+)(?:: .*)?$/.exec(line) ?? [];
    return from && to ? [[from as StateType, to as StateType] as const] : [];
  });
  expect(edges.length).toBeGreaterThan(10);
  expect(edges.filter(([from, to]) => outcome(from, to) !== "yes")).toEqual([]);
});

test("the page's table of alarms has those that the code sets, each with promises that hold it", () => {
  const rows = section("The alarms of a run")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows.map(([, name]) => name?.replaceAll("`", "")).sort()).toEqual(alarmsSet(sources));
  const promises = new Set(specs.flatMap(({ text }) => [...text.matchAll(/\*\*([A-Z]+\d+)\*\*/g)].map(([, id]) => id)));
  for (const [, name, , , heldBy] of rows) {
    const ids = heldBy?.split(", ") ?? [];
    expect(
      ids.filter((id) => !promises.has(id)),
      `what holds ${name}`,
    ).toEqual([]);
  }
});

test("the page's graph of calls is what objects ask the address book for", () => {
  const shown = section("What calls what").flatMap((line) => {
    const edge = /^\s*(\w+) -->\|[^|]+\| (\w+)$/.exec(line);
    return edge ? [`${edge[1]} --> ${edge[2]}`] : [];
  });
  expect(shown.sort()).toEqual(callsBetween(sources));
});
