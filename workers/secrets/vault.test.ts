import { expect, test } from "vitest";
import { shardOf } from "../../durable-objects/env.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { makeTenant } from "../../test/workerd/tenant.ts";
import { open, seal } from "./vault.ts";

const keysOf = async ({ workspace, shard }: { workspace: string; shard: number }) =>
  (
    await shardOf(testEnv, shard)
      .prepare("SELECT wrapped_by, wrapped FROM data_keys WHERE workspace_id = ?1")
      .bind(workspace)
      .all<{ wrapped_by: string; wrapped: string }>()
  ).results;

test("[VA1] [S42] a value opens as the record that it was sealed for, and as no other", async () => {
  const [a, b] = [await makeTenant(), await makeTenant()];
  const sealed = await seal(testEnv, a, "block_document/1", "s3cr3t");
  expect(sealed).not.toContain("s3cr3t");
  expect(await open(testEnv, a, "block_document/1", sealed)).toBe("s3cr3t");
  await expect(open(testEnv, a, "block_document/2", sealed)).rejects.toThrow();
  await expect(open(testEnv, b, "block_document/1", sealed)).rejects.toThrow();
  const changed = sealed.slice(0, -2) + (sealed.endsWith("AA") ? "BB" : "AA");
  await expect(open(testEnv, a, "block_document/1", changed)).rejects.toThrow();
  await expect(open(testEnv, a, "block_document/1", "nothing")).rejects.toThrow("no sealed text");
});

test("[VA1] the same value is sealed differently each time", async () => {
  const a = await makeTenant();
  expect(await seal(testEnv, a, "x/1", "same")).not.toBe(await seal(testEnv, a, "x/1", "same"));
});

test("[VA2] a workspace's key is made once, however many want it first, and lies in the shard wrapped", async () => {
  const a = await makeTenant();
  const sealed = await Promise.all(["1", "2", "3"].map((text) => seal(testEnv, a, "x/1", text)));
  expect(await keysOf(a)).toHaveLength(1);
  expect(await Promise.all(sealed.map((text) => open(testEnv, a, "x/1", text)))).toEqual(["1", "2", "3"]);
});

test("[VA3] [S43] the newest key wraps, and a workspace's key that an older one wrapped still opens", async () => {
  const a = await makeTenant();
  const keys = JSON.parse(testEnv.SECRETS_KEYS) as [{ kid: string }, { kid: string }];
  const before = { ...testEnv, SECRETS_KEYS: JSON.stringify([keys[1]]) };
  const sealed = await seal(before, a, "x/1", "old");
  expect(await keysOf(a)).toMatchObject([{ wrapped_by: keys[1].kid }]);
  expect(await open(testEnv, a, "x/1", sealed)).toBe("old");
  const b = await makeTenant();
  await seal(testEnv, b, "x/1", "new");
  expect(await keysOf(b)).toMatchObject([{ wrapped_by: keys[0].kid }]);
});
