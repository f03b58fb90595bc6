/** The rows that any server of the wire can be measured by. */

import type { Sample } from "./measure.ts";
import type { Plan } from "./plan.ts";
import { type Row, rowOf } from "./row.ts";
import type { Target } from "./target.ts";
import { logLines } from "./workloads/logs.ts";
import { filters, lifeCycles, makeRuns } from "./workloads/runs.ts";
import { taskEvents } from "./workloads/task-events.ts";

const LOG_CLIENTS = 8;
const EVENT_SOCKETS = 4;

/** How one row is measured: a failure of our own server ends the bench, one of another server is a line of the table. */
export type Attempt = (name: string, work: () => Promise<Row>) => Promise<void>;

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
    await attempt("filter of 200 runs", async () => {
      const there = await makeRuns(target, plan.runs);
      return rowOf(
        "filter of 200 runs",
        target.name,
        where,
        "request",
        await filters(target, 1, plan.filter),
        `among ${there}`,
      );
    });
  }
}
