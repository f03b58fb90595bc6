import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fingerprint, sourceFiles } from "./sources.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-sources-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
for (const folder of ["a/inner", "a/node_modules/x", "a/dist", "b"]) mkdirSync(join(root, folder), { recursive: true });
for (const file of [
  "a/one.ts",
  "a/one.test.ts",
  "a/inner/two.ts",
  "a/node_modules/x/i.js",
  "a/dist/o.js",
  "b/three.ts",
  "lock.json",
])
  writeFileSync(join(root, file), file);

test("[LO18] sources are what is written, not what is installed, built or a test", () => {
  expect(sourceFiles(root, ["a", "lock.json"])).toEqual(["a/inner/two.ts", "a/one.ts", "lock.json"]);
  expect(sourceFiles(root, ["a"], ["a/inner"])).toEqual(["a/one.ts"]);
});

test("[LO18] a new time changes nothing, a new content or name does", () => {
  const before = fingerprint(root, sourceFiles(root, ["b"]));
  utimesSync(join(root, "b/three.ts"), 1, 1);
  expect(fingerprint(root, sourceFiles(root, ["b"]))).toBe(before);
  writeFileSync(join(root, "b/three.ts"), "b/three.tS");
  expect(fingerprint(root, sourceFiles(root, ["b"]))).not.toBe(before);
  expect(fingerprint(root, ["a/one.ts"])).not.toBe(fingerprint(root, ["a/inner/two.ts"]));
});
