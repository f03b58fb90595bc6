/** What a run costs on one machine: rows, which are the bill at Cloudflare, and syncs, which are the limit on a disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fsyncsPerUnit, hasStrace } from "../../bench/fsyncs.ts";
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
    const life = await fsyncsPerUnit(workerd, folder, (count) => lifeCycles(server.target, 1, { count, seconds: 60 }));
    expect(life).toBeLessThanOrEqual(12);
    const dispatched = await fsyncsPerUnit(workerd, folder, (count) => claims(server.target, { count, seconds: 60 }));
    expect(dispatched).toBeLessThanOrEqual(20);
  } finally {
    await server.stop();
  }
});
