/** Runs the gates that read the tree: `node test/gates/main.ts rule-ids|addresses`. Problems are printed, and exit 1. */
import { addressProblems } from "./addresses.ts";
import { ruleIdProblems } from "./rule-ids.ts";
import { files, readAll } from "./tree.ts";

const isTest = (path: string) => path.endsWith(".test.ts");

const gates: Record<string, () => string[]> = {
  "rule-ids": () =>
    ruleIdProblems(
      readAll(files((path) => /(^|\/)SPEC\.md$/.test(path))),
      readAll(files((path) => isTest(path) && !path.startsWith("test/gates/"))),
    ),
  addresses: () =>
    addressProblems(readAll(files((path) => /^(durable-objects|workers)\/.*\.ts$/.test(path) && !isTest(path)))),
};

const name = process.argv[2] ?? "";
const gate = gates[name];
if (gate === undefined) {
  console.error(`There is no gate «${name}»; there are ${Object.keys(gates).join(", ")}.`);
  process.exit(2);
}
const problems = gate();
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
