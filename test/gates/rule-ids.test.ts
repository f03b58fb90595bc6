import { expect, test } from "vitest";
import { ruleIdProblems, type TextFile } from "./rule-ids.ts";

const spec = (text: string, path = "domain/SPEC.md"): TextFile => ({ path, text });
// The ids are put together here, since this file's own strings are read by the gate too.
const title = (id: string, rest = "holds"): TextFile => ({
  path: "domain/a.test.ts",
  text: `test("${`[${id}]`} ${rest}", …)`,
});

test.each([
  ["agree", [spec("- **FR7** Due first.")], [title("FR7")], []],
  ["two ids in one title", [spec("- **FR7** a\n- **FR8** b")], [title("FR7", `${"[FR8"}] both`)], []],
  ["a promise without a test", [spec("# x\n- **FR7** a")], [], ["domain/SPEC.md:2: no test's title begins with [FR7]"]],
  ["a test without a promise", [], [title("FR7")], ["domain/a.test.ts:1: [FR7] is no promise of any SPEC.md"]],
  [
    "an id twice",
    [spec("- **FR7** a"), spec("- **FR7** b", "web/SPEC.md")],
    [title("FR7")],
    ["web/SPEC.md:1: FR7 is promised already at domain/SPEC.md:1; give one of them another number"],
  ],
  [
    "a promise in another form",
    [spec("- [FR7] a")],
    [],
    ["domain/SPEC.md:1: write the promise as «- **FR7** …», so that it counts as one"],
  ],
  [
    "a citation of nothing",
    [spec("- **FR7** a, unless [FR9]")],
    [title("FR7")],
    ["domain/SPEC.md:1: cites [FR9], which no SPEC.md promises"],
  ],
  [
    "an id in the middle of a title",
    [spec("- **FR7** a")],
    [{ path: "a.test.ts", text: '"see [FR7]"' }],
    ["domain/SPEC.md:1: no test's title begins with [FR7]"],
  ],
] as const)("%s", (_case, specs, tests, problems) => {
  expect(ruleIdProblems(specs, tests)).toEqual(problems);
});
