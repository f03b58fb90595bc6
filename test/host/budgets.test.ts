/** What a run costs on one machine: rows, which are the bill at Cloudflare, and syncs, which are the limit on a disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countFsyncs, hasStrace } from "../../bench/fsyncs.ts";
import { startMillrace } from "../../bench/millrace-server.ts";
import { commandOf } from "../../bench/processes.ts";
import { rowsOfRun } from "../../bench/rows.ts";
import { claims } from "../../bench/workloads/dispatch.ts";
import { lifeCycles } from "../../bench/workloads/runs.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-budgets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("[BE1] the rows of a run of five tasks and twenty log lines", async () => {
  const rows = await rowsOfRun(join(folder, "rows"), 3);
  expect(rows.FlowRun).toBeGreaterThan(0);
  expect(rows.FlowRun).toBeLessThanOrEqual(25);
  expect(rows.index + rows.EventHub).toBeLessThanOrEqual(8);
  expect(rows.WorkPool).toBeLessThanOrEqual(4);
});

// Only strace sees a sync from outside of the process; it comes with no npm package.
test.runIf(hasStrace())("[BE2] the syncs of a life cycle and of a dispatched run", async () => {
  const server = await startMillrace(join(folder, "state"), false);
  try {
    const workerd = server.target.pids().filter((pid) => commandOf(pid).includes("workerd serve"));
    const some = { count: 1, seconds: 60 };
    const many = { count: 11, seconds: 60 };
    // What is done once (the flow, the pool, the deployment) falls out of the difference.
    const syncs = async (work: (limits: typeof some) => Promise<unknown>) => {
      await work(some);
      const few = await countFsyncs(workerd, folder, async () => void (await work(some)));
      const all = await countFsyncs(workerd, folder, async () => void (await work(many)));
      return ((all ?? 0) - (few ?? 0)) / (many.count - some.count);
    };
    expect(await syncs((limits) => lifeCycles(server.target, 1, limits))).toBeLessThanOrEqual(12);
    expect(await syncs((limits) => claims(server.target, limits))).toBeLessThanOrEqual(20);
  } finally {
    await server.stop();
  }
});
