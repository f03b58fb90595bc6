import { evictDurableObject } from "cloudflare:test";
import type { Instant } from "@millrace/domain/time.ts";
import { expect, test, vi } from "vitest";
import { testEnv } from "../test/workerd/env.ts";
import { makeTenant } from "../test/workerd/tenant.ts";
import { concurrencyLimitAt } from "./addresses.ts";
import type { Limit } from "./concurrency-limit/rpc.ts";
import { shardOf } from "./env.ts";
import { now } from "./kit/alarms.ts";
import { placeOf } from "./kit/lease.ts";
import { forgetLimit, limitsNamed } from "./limits.ts";
import { acquireSlots, releaseSlots, renewSlots } from "./slots.ts";

const limit = (name: string): Limit => ({
  ...{ id: crypto.randomUUID(), name, limit: 1, active: true, decay: 0 },
  ...{ created: 1 as Instant, updated: 1 as Instant },
});

async function insert({ owner }: { owner: { workspace: string; shard: number } }, one: Limit): Promise<void> {
  await shardOf(testEnv, owner.shard)
    .prepare(
      `INSERT INTO concurrency_limits (workspace_id, id, name, "limit", active, decay, created, updated) VALUES (?1, ?2, ?3, ?4, 1, ?5, 1, 1)`,
    )
    .bind(owner.workspace, one.id, one.name, one.limit, one.decay)
    .run();
}

test("[LM8] limits are found by name, asked for all at once, and not again for a while, those that are not there too", async () => {
  const a = await makeTenant();
  const b = await makeTenant();
  const [x, y] = [limit("x"), limit("y")];
  await insert(a, x);
  await insert(a, y);
  const prepare = vi.spyOn(shardOf(testEnv, a.shard), "prepare");
  expect(await limitsNamed(testEnv, a.owner, ["y", "none", "x", "y"])).toEqual([y, x]);
  expect(await limitsNamed(testEnv, a.owner, ["none", "x"])).toEqual([x]);
  expect(prepare).toHaveBeenCalledTimes(1);
  prepare.mockRestore();
  expect(await limitsNamed(testEnv, b.owner, ["x"])).toEqual([]);
  const made = limit("none");
  await insert(a, made);
  forgetLimit(a.owner, "none");
  expect(await limitsNamed(testEnv, a.owner, ["none"])).toEqual([made]);
});

test("[LM1] [LM4] [LM5] slots and the order of waiters survive an object that is lost at any moment", async () => {
  const { owner } = await makeTenant();
  const [x, y] = [limit("x"), limit("y")];
  const lose = async () => {
    for (const { id } of [x, y]) {
      await concurrencyLimitAt(testEnv, owner.workspace, id).occupation(owner);
      await evictDurableObject(testEnv.CONCURRENCY_LIMIT.getByName(`${owner.workspace}/${placeOf(id)}`));
    }
  };
  const ask = (who: string) =>
    acquireSlots(testEnv, owner, [x, y], { slots: 1, holder: { type: "flow_run", id: who }, seconds: 60 });
  const first = await ask("1");
  if (first.kind !== "granted") throw new Error("not granted");
  await lose();
  expect(await ask("2")).toMatchObject({ kind: "wait" });
  expect(await ask("3")).toMatchObject({ kind: "wait" });
  await lose();
  expect(await renewSlots(testEnv, owner, first.lease, 60)).toBe(true);
  await lose();
  const { held } = await concurrencyLimitAt(testEnv, owner.workspace, x.id).occupation(owner);
  expect(held).toMatchObject([{ lease: first.lease, holder: { id: "1" }, slots: 1 }]);
  expect((held[0]?.until ?? 0) / 1_000_000).toBeGreaterThan(now() / 1_000_000 + 55);
  await releaseSlots(testEnv, owner, first.lease);
  await lose();
  expect(await ask("3")).toMatchObject({ kind: "wait" });
  expect(await ask("2")).toMatchObject({ kind: "granted" });
});
