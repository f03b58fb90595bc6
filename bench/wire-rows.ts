/** The rows that any server of the wire can be measured by. */

import type { Sample } from "./measure.ts";
import type { Plan } from "./plan.ts";
import { type Attempt, rowOf } from "./row.ts";
import type { Target } from "./target.ts";
import { logLines } from "./workloads/logs.ts";
import { filters, lifeCycles, makeRuns } from "./workloads/runs.ts";
import { taskEvents } from "./workloads/task-events.ts";

const LOG_CLIENTS = 8;
const EVENT_SOCKETS = 4;
/** The orders that Prefect's command line and its web pages ask for. */
const ORDERS = [
  ["as the command line asks", "EXPECTED_START_TIME_DESC"],
  ["as the web pages ask", "START_TIME_DESC"],
] as const;

export async function wireRows(
  target: Target,
  where: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  const row = (unit: string, title: string, work: () => Promise<Sample>, note = "") =>
    attempt(title, async () => rowOf(title, target.name, where, unit, await work(), note));
  if (wanted("life-cycle")) await row("run", "run life cycle, 1 client", () => lifeCycles(target, 1, plan.lifeAlone));
  if (wanted("events"))
    await row(
      "event",
      `task-run events, ${EVENT_SOCKETS} sockets`,
      () => taskEvents(target, EVENT_SOCKETS, plan.events),
      "until all are read back",
    );
  if (wanted("logs"))
    await row(
      "line",
      `log lines in batches of 100, ${LOG_CLIENTS} clients`,
      () => logLines(target, LOG_CLIENTS, plan.logs),
      "p50 and p99 of a batch",
    );
  if (wanted("filter")) {
    let there = 0;
    for (const [order, sort] of ORDERS) {
      await attempt(`filter of 200 runs, ${order}`, async () => {
        there ||= await makeRuns(target, plan.runs);
        const sample = await filters(target, 1, sort, plan.filter);
        return rowOf(`filter of 200 runs, ${order}`, target.name, where, "request", sample, `among ${there}`);
      });
    }
  }
}
