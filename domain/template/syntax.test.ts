import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { templateFault } from "./syntax.ts";

/** A template, and the line in which Prefect's server finds it wrong. */
type Case = [template: string, line: number | null];
const cases = JSON.parse(readFileSync(new URL("recorded/prefect-3.9.1.json", import.meta.url), "utf8")) as Case[];
/** Loops too many are a fault of the whole template there, and of the line of the first one too many here. */
const OF_THE_WHOLE = 0;

test("[DO31] what Prefect's server reads is read, and what it refuses is refused in the same line", () => {
  expect(cases.filter(([, line]) => line === null).length).toBeGreaterThan(80);
  const differing = cases.filter(([template, line]) => {
    const ours = templateFault(template)?.line ?? null;
    return line === OF_THE_WHOLE ? ours === null : ours !== line;
  });
  expect(differing).toEqual([]);
});

describe("[DO31] the reason is told", () => {
  test.each([
    ["Hello {{ name", "not closed: }} is missing"],
    ["{{ a b }}", 'expected the end of the tag, found "b"'],
    ["{% if a %}x", "expected {% elif %} or {% else %} or {% endif %}, found the end of the template"],
    ["{% nope %}", 'there is no statement "nope"'],
    ["{{ (a] }}", '"]" stands where ")" is missing'],
    ["{% endfor %}", '"endfor" stands where nothing is to be ended'],
    ["{{ a ? b }}", '"?" is not expected'],
  ])("%s", (template, message) => {
    expect(templateFault(template)?.message).toContain(message);
  });
});

test("[DO31] a template that is nothing but depth ends", () => {
  expect(templateFault(`{{ ${"(".repeat(50_000)}${")".repeat(50_000)} }}`)?.message).toContain("more than 100 deep");
  expect(templateFault(`{{ ${"[".repeat(40)}${"]".repeat(40)} }}`)).toBeNull();
  expect(templateFault(`${"{% if a %}".repeat(5_000)}${"{% endif %}".repeat(5_000)}`)?.message).toContain("100 deep");
  expect(templateFault(`{{ a ${"** b".repeat(5_000)} }}`)?.message).toContain("more than 100 deep");
  expect(templateFault(`{{ ${"- ".repeat(50_000)}a }}`)).toBeNull();
});
