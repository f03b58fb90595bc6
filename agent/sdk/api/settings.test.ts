import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readProfiles, writeProfiles } from "./profiles.ts";
import { findSettings } from "./settings.ts";

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "settings-")));
  env = { MILLRACE_CONFIG_HOME: join(folder, "config") };
});
afterEach(() => rmSync(folder, { recursive: true }));

function localServer(mode: number): string {
  mkdirSync(join(folder, ".millrace"));
  const path = join(folder, ".millrace", "local.json");
  writeFileSync(path, JSON.stringify({ api_url: "http://127.0.0.1:1/api", api_key: "local" }));
  chmodSync(path, mode);
  return path;
}

test("[SD35] the environment comes before a local server, and that before the active profile", async () => {
  await writeProfiles(env, {
    active: "work",
    profiles: { work: { api_url: "https://work.example/api", api_key: "p" } },
  });
  expect(await findSettings({ env, folder })).toMatchObject({
    url: "https://work.example/api",
    source: "profile work",
  });
  const path = localServer(0o600);
  expect(await findSettings({ env, folder: join(folder, "deep") })).toMatchObject({
    credential: { token: "local" },
    source: path,
  });
  const prefect = { ...env, PREFECT_API_URL: "https://p.example/api/", PREFECT_API_AUTH_STRING: "id:secret" };
  expect(await findSettings({ env: prefect, folder })).toMatchObject({
    url: "https://p.example/api",
    credential: { kind: "basic", pair: "id:secret" },
  });
  const ours = { ...prefect, MILLRACE_API_URL: "https://m.example/api", MILLRACE_API_KEY: "key" };
  expect(await findSettings({ env: ours, folder })).toMatchObject({
    url: "https://m.example/api",
    credential: { token: "key" },
  });
  expect(await findSettings({ env: ours, folder, profile: "work" })).toMatchObject({ source: "profile work" });
});

test("[SD35] a local server's file that others could have written or can read is not taken", async () => {
  localServer(0o644);
  await expect(findSettings({ env, folder })).rejects.toThrow("run `millrace login`");
});

test("[SD35] what is wrong with a setting is said with its name", async () => {
  await expect(findSettings({ env: { ...env, MILLRACE_API_URL: "example.com" }, folder })).rejects.toThrow(
    /^MILLRACE_API_URL: /,
  );
  await expect(findSettings({ env: { ...env, MILLRACE_PROFILE: "none" }, folder })).rejects.toThrow(
    'no profile "none"',
  );
  mkdirSync(join(folder, "config"));
  writeFileSync(join(folder, "config", "profiles.toml"), "active = [");
  await expect(findSettings({ env, folder })).rejects.toThrow("is no valid TOML");
});

test("[SD35] the address of a server is that of its API", async () => {
  for (const MILLRACE_API_URL of ["http://127.0.0.1:4200", "http://127.0.0.1:4200/", "http://127.0.0.1:4200/api/"])
    expect((await findSettings({ env: { ...env, MILLRACE_API_URL }, folder })).url).toBe("http://127.0.0.1:4200/api");
});

test("[SD35] profiles come back as they were written", async () => {
  const profiles = {
    active: "a",
    profiles: { a: { api_url: "https://a.example/api", api_key: 'q"\\\n' }, b: { api_url: "https://b.example" } },
  };
  await writeProfiles(env, profiles);
  expect(await readProfiles(env)).toEqual(profiles);
});
