import { beforeEach, expect, test } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { newOwner } from "../../test/workerd/runs.ts";
import { sweepRemovedRuns } from "./removed-runs.ts";

beforeEach(() => testEnv.SHARD_0.prepare("DELETE FROM removed_runs").run());

test("[AP39] marks of deleted runs are forgotten after a day, and no earlier", async () => {
  const now = Date.now();
  const { workspace } = newOwner();
  const mark = (id: string, hours: number) =>
    testEnv.SHARD_0.prepare("INSERT INTO removed_runs VALUES (?1, ?2, 1, ?3)")
      .bind(workspace, id, (now - hours * 3_600_000) * 1000)
      .run();
  await mark("old", 25);
  await mark("new", 23);
  await sweepRemovedRuns(testEnv, now);
  const { results } = await testEnv.SHARD_0.prepare("SELECT id FROM removed_runs").all();
  expect(results).toEqual([{ id: "new" }]);
});
