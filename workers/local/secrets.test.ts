import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSecrets } from "./secrets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("[LO30] secrets are made once; a file of an older version gets the keys that it lacks, and keeps what it has", () => {
  const file = join(folder, "secrets.json");
  const made = loadSecrets(file);
  expect(made.secretsKeys).toEqual([{ kid: expect.any(String), k: expect.stringMatching(/^[\w-]{43}$/) }]);
  expect(loadSecrets(file)).toEqual(made);
  const { secrets_keys: _, ...older } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify(older));
  const completed = loadSecrets(file);
  expect(completed).toMatchObject({ keyPepper: made.keyPepper, signingKeys: made.signingKeys });
  expect(completed.secretsKeys).toHaveLength(1);
  expect(loadSecrets(file)).toEqual(completed);
});
