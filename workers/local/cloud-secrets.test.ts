import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importJWK } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeCloudSecrets } from "./cloud-secrets.ts";
import { StartProblem } from "./problem.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("[LO21] the secrets of a Worker on Cloudflare are made for their owner alone, and never written over", async () => {
  const file = join(folder, "cloud-secrets.json");
  writeCloudSecrets(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, "utf8");
  const secrets = JSON.parse(text) as Record<string, string>;
  expect(Object.keys(secrets)).toEqual(["KEY_PEPPER", "SIGNING_KEYS", "SECRETS_KEYS", "BOOTSTRAP_SECRET"]);
  expect(secrets.BOOTSTRAP_SECRET?.length).toBeGreaterThan(40);
  const [key] = JSON.parse(secrets.SIGNING_KEYS ?? "") as [{ kid: string }];
  expect(key.kid).not.toBe("");
  expect(await importJWK(key, "EdDSA")).toMatchObject({ type: "private" });
  expect(() => writeCloudSecrets(file)).toThrow(StartProblem);
  expect(readFileSync(file, "utf8")).toBe(text);
});
