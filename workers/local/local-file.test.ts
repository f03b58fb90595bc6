import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { basicCredential } from "./basic-credential.ts";
import { greeting } from "./greeting.ts";
import { localOf, readLocal, writeLocal } from "./local-file.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-local-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "local.json");

const local = localOf("http://127.0.0.1:4200", { account_id: "a", workspace_id: "w", api_key: "mrl_id_secret" });

test("[LO3] local.json has five fields, and its owner alone can read it", () => {
  writeFileSync(file, "old");
  chmodSync(file, 0o644);
  writeLocal(file, local);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    url: "http://127.0.0.1:4200",
    api_url: "http://127.0.0.1:4200/api/accounts/a/workspaces/w",
    api_key: "mrl_id_secret",
    account_id: "a",
    workspace_id: "w",
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["local.json"]);
  expect(readLocal(file)).toEqual(local);
});

test.each(["", "{", "null", '{"url":"x"}'])("[LO3] a local.json of %j counts as none", (text) => {
  writeFileSync(file, text);
  expect(readLocal(file)).toBeNull();
});

test("[LO2] the export lines are those of both of Prefect's styles", () => {
  const lines = greeting(local, "/state", basicCredential(local.api_key)).filter((line) => line.startsWith("export "));
  expect(lines).toEqual([
    "export PREFECT_CLOUD_API_URL=http://127.0.0.1:4200/api",
    `export PREFECT_API_URL=${local.api_url}`,
    "export PREFECT_API_KEY=mrl_id_secret",
    "export PREFECT_API_URL=http://127.0.0.1:4200/api",
    "export PREFECT_API_AUTH_STRING=id:secret",
    `export MILLRACE_API_URL=${local.api_url}`,
    "export MILLRACE_API_KEY=mrl_id_secret",
  ]);
});
