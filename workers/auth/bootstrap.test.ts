import { createExecutionContext } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, ORIGIN } from "../../test/workerd/tenant.ts";
import { makeApi } from "../api/app.ts";
import type { Env } from "../env.ts";

const SECRET = "a secret of forty letters, made by chance";
const TABLES = ["accounts", "workspaces", "actors", "workspace_access", "api_keys"];

beforeEach(async () => {
  for (const table of TABLES) await testEnv.DIRECTORY.prepare(`DELETE FROM ${table}`).run();
});

const rows = async (): Promise<number[]> => {
  const counts = TABLES.map((table) => testEnv.DIRECTORY.prepare(`SELECT count(*) AS n FROM ${table}`));
  return (await testEnv.DIRECTORY.batch<{ n: number }>(counts)).map(({ results }) => results[0]?.n ?? -1);
};

/** Asks a Worker that was given this secret. */
async function claim(given: string | undefined, body: object) {
  const { BOOTSTRAP_SECRET: _, ...rest } = testEnv as Env;
  const env: Env = given === undefined ? rest : { ...rest, BOOTSTRAP_SECRET: given };
  const request = new Request(`${ORIGIN}/api/auth/bootstrap`, { method: "POST", body: JSON.stringify(body) });
  const response = await makeApi().fetch(request, env, createExecutionContext());
  // biome-ignore lint/suspicious/noExplicitAny: an answer of either shape.
  return { status: response.status, body: (await response.json()) as any };
}

test("[AU13] the operator's secret makes the first owner, whose key may do everything there", async () => {
  const { status, body } = await claim(SECRET, { secret: SECRET, name: "Ada" });
  expect(status).toBe(201);
  expect(body.api_url).toBe(`${ORIGIN}/api/accounts/${body.account_id}/workspaces/${body.workspace_id}`);
  const token = body.api_key;
  expect((await ask("GET /me/", { token })).body).toMatchObject({ id: body.user_id, name: "Ada", actor_type: "user" });
  const path = body.api_url.slice(`${ORIGIN}/api`.length);
  expect((await ask(`POST ${path}/flows/`, { token, body: { name: "f" } })).status).toBe(201);
  const bots = `POST /accounts/${body.account_id}/bots/`;
  expect((await ask(bots, { token, body: { name: "bot" } })).status).toBe(201);
});

test("[AU13] a secret is good for one key, however often and at once it is shown", async () => {
  const tries = await Promise.all(Array.from({ length: 8 }, () => claim(SECRET, { secret: SECRET })));
  expect(tries.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(403)]);
  const again = await claim(SECRET, { secret: SECRET });
  expect([again.status, again.body.detail]).toEqual([403, expect.stringContaining("used already")]);
  expect(await rows()).toEqual([1, 1, 1, 1, 1]);
});

test("[AU13] another secret is another key of the same owner: for whoever lost the first", async () => {
  const first = await claim(SECRET, { secret: SECRET });
  await makeTenant();
  const second = await claim(`another: ${SECRET}`, { secret: `another: ${SECRET}`, name: "Mallory" });
  expect({ ...second.body, api_key: "" }).toEqual({ ...first.body, api_key: "" });
  expect(second.body.api_key).not.toBe(first.body.api_key);
  expect((await ask("GET /me/", { token: second.body.api_key })).body.name).toBe("owner");
});

test.each([
  ["[AU13] no secret at the server", undefined, "", "given no BOOTSTRAP_SECRET"],
  ["[AU13] an empty one", "", "", "given no BOOTSTRAP_SECRET"],
  ["[AU13] a short one", "hunter2", "hunter2", "shorter than 32"],
  ["[AU13] a wrong one", SECRET, SECRET.slice(0, -1), "not the server's"],
  ["[AU13] none shown", SECRET, "", "not the server's"],
])("%s makes nothing", async (_case, given, secret, reason) => {
  const { status, body } = await claim(given, { secret });
  expect([status, body.detail]).toEqual([403, expect.stringContaining(reason)]);
  expect(await rows()).toEqual([0, 0, 0, 0, 0]);
});
