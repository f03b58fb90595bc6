import { beforeEach, describe, expect, test, vi } from "vitest";
import { WorkPool } from "../../durable-objects/work-pool/work-pool.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";
import { seed } from "../auth/people.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const bots = ({ account }: TestTenant) => `POST /accounts/${account}/bots/`;

describe("service accounts", () => {
  test("[AU12] a bot's key is shown once, and reaches the one workspace that it was made for", async () => {
    const sister = await ask(`POST /accounts/${a.account}/workspaces/`, {
      token: a.key,
      body: { name: "s", handle: "s" },
    });
    const body = { name: "ci", workspace_id: sister.body.id };
    const made = await ask(bots(a), { token: a.key, body });
    expect(made.status).toBe(201);
    const { key } = made.body.api_key;
    const { body: reached } = await ask("GET /me/workspaces", { token: key });
    expect(reached).toEqual([expect.objectContaining({ workspace_id: sister.body.id, account_id: a.account })]);
    const elsewhere = `POST /accounts/${a.account}/workspaces/${a.workspace}/flows/count`;
    expect((await ask(elsewhere, { token: key, body: {} })).status).toBe(404);
  });

  test("[AU12] a bot holds the scopes that it was given, and no permission of the account", async () => {
    const { body } = await ask(bots(a), { token: a.key, body: { name: "reader", scopes: ["see_flows"] } });
    const { key } = body.api_key;
    expect((await ask("POST /flows/count", { token: key, body: {} })).status).toBe(200);
    expect((await ask("POST /flows/", { token: key, body: { name: "f" } })).status).toBe(403);
    expect((await ask(bots(a), { token: key, body: { name: "another" } })).status).toBe(403);
    const workspaces = `POST /accounts/${a.account}/workspaces/`;
    expect((await ask(workspaces, { token: key, body: { name: "w", handle: "w" } })).status).toBe(403);
  });

  test("[AU12] nobody hands on what they do not hold", async () => {
    const narrow = await makeTenant({ scopes: ["see_flows"], permissions: ["create:bot"] });
    const lacking = await ask(bots(narrow), { token: narrow.key, body: { name: "bot", scopes: ["run_flows"] } });
    expect(lacking.status).toBe(403);
    expect(lacking.body.detail).toContain("run_flows");
    expect((await ask(bots(narrow), { token: narrow.key, body: { name: "bot" } })).status).toBe(403);
    const held = await ask(bots(narrow), { token: narrow.key, body: { name: "bot", scopes: ["see_flows"] } });
    expect(held.status).toBe(201);
  });

  test("[AU12] a workspace or an account of somebody else is as one that is not there", async () => {
    const b = await makeTenant();
    const theirs = await ask(bots(a), { token: a.key, body: { name: "bot", workspace_id: b.workspace } });
    const nobodys = await ask(bots(a), { token: a.key, body: { name: "bot", workspace_id: crypto.randomUUID() } });
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body]);
    expect((await ask(bots(b), { token: a.key, body: { name: "bot" } })).status).toBe(404);
  });

  test("[AU12] a workspace of another account is not to be had through one's own, whoever reaches both", async () => {
    const b = await makeTenant();
    await testEnv.DIRECTORY.prepare(
      "INSERT INTO workspace_access (actor_id, workspace_id, scopes) VALUES (?1, ?2, '[\"*\"]')",
    )
      .bind(a.actorId, b.workspace)
      .run();
    const made = await ask(bots(a), { token: a.key, body: { name: "bot", workspace_id: b.workspace } });
    expect(made.status).toBe(404);
  });

  test("[AU4] a key is refused at once where it was revoked, and only its own account revokes it", async () => {
    const b = await makeTenant();
    const { body: bot } = await ask(bots(a), { token: a.key, body: { name: "bot" } });
    const revoke = ({ account }: TestTenant, key = bot.api_key.id) =>
      `DELETE /accounts/${account}/bots/${bot.id}/delete_bot_api_key/${key}`;
    const works = async () => (await ask("POST /flows/count", { token: bot.api_key.key, body: {} })).status;
    expect((await ask(revoke(b), { token: b.key })).status).toBe(404);
    expect((await ask(revoke(a, a.keyId), { token: a.key })).status).toBe(404);
    expect(await works()).toBe(200);
    expect((await ask(revoke(a), { token: a.key })).status).toBe(204);
    expect(await works()).toBe(401);
    expect((await ask(revoke(a), { token: a.key })).status).toBe(204);
  });

  test("[AP16] revoking a key closes the sockets of its agents; until they are told it is not done", async () => {
    await ask("POST /work_pools/", { token: a.key, body: { name: "pool", type: "process" } });
    const { body: bot } = await ask(bots(a), { token: a.key, body: { name: "bot" } });
    const { access_token } = (await ask("POST /auth/token", { token: bot.api_key.key })).body;
    const connect = (token: string) =>
      TestSocket.open("/agents/connect?pool=pool", { authorization: `Bearer ${token}` });
    const sockets = [await connect(bot.api_key.key), await connect(access_token)];
    for (const socket of sockets) expect(await socket.next()).toEqual({ type: "auth_success" });
    const revoke = `DELETE /accounts/${a.account}/bots/${bot.id}/delete_bot_api_key/${bot.api_key.id}`;
    vi.spyOn(console, "error").mockImplementation(() => {});
    const away = vi.spyOn(WorkPool.prototype, "revoke").mockRejectedValue(new Error("Network connection lost."));
    expect((await ask(revoke, { token: a.key })).status).toBe(503);
    away.mockRestore();
    expect((await ask(revoke, { token: a.key })).status).toBe(204);
    for (const socket of sockets)
      expect(await socket.closed()).toMatchObject({ code: 4401, reason: expect.stringContaining("revoked") });
    await expect(connect(bot.api_key.key)).rejects.toThrow("401");
  });

  test("[AU4] a key's own expiry is told and kept", async () => {
    const at = "2099-01-01T00:00:00.000000Z";
    const { body } = await ask(bots(a), { token: a.key, body: { name: "bot", api_key_expiration: at } });
    expect(body.api_key.expiration).toBe(at);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2099-01-01T00:00:01Z") });
    expect((await ask("POST /flows/count", { token: body.api_key.key, body: {} })).status).toBe(401);
    vi.useRealTimers();
  });
});

describe("the first owner", () => {
  test("[AU11] is made once, and gets another key whenever the host asks again", async () => {
    for (const table of ["accounts", "workspaces", "actors", "workspace_access", "api_keys"])
      await testEnv.DIRECTORY.prepare(`DELETE FROM ${table}`).run();
    const first = await seed(testEnv, { name: "local", handle: "local" });
    await makeTenant();
    const again = await seed(testEnv, { name: "local", handle: "local" });
    expect({ ...again, api_key: "" }).toEqual({ ...first, api_key: "" });
    expect(again.api_key).not.toBe(first.api_key);
    for (const { api_key: token } of [first, again]) {
      const { body } = await ask("GET /me/workspaces", { token });
      expect(body).toEqual([
        expect.objectContaining({ workspace_id: first.workspace_id, workspace_handle: "default" }),
      ]);
      const { account_id: account } = first;
      expect((await ask(bots({ ...a, account }), { token, body: { name: "bot" } })).status).toBe(201);
    }
  });
});
