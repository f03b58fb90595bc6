/** The rows that any server of the wire can be measured by. */
import type { Plan } from "./plan.ts";
import { type Row, rowOf } from "./row.ts";
import type { Target } from "./target.ts";
import { logLines } from "./workloads/logs.ts";
import { filters, lifeCycles, makeRuns } from "./workloads/runs.ts";
import { taskEvents } from "./workloads/task-events.ts";

const LOG_CLIENTS = 8;
const EVENT_SOCKETS = 4;

export async function wireRows(
  target: Target,
  where: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  say: (row: Row) => void,
): Promise<void> {
  const who = target.name;
  if (wanted("life-cycle"))
    say(rowOf("run life cycle, 1 client", who, where, "run", await lifeCycles(target, 1, plan.lifeAlone)));
  if (wanted("events"))
    say(
      rowOf(
        `task-run events, ${EVENT_SOCKETS} sockets`,
        who,
        where,
        "event",
        await taskEvents(target, EVENT_SOCKETS, plan.events),
        "until all are read back",
      ),
    );
  if (wanted("logs"))
    say(
      rowOf(
        `log lines in batches of 100, ${LOG_CLIENTS} clients`,
        who,
        where,
        "line",
        await logLines(target, LOG_CLIENTS, plan.logs),
        "p50 and p99 of a batch",
      ),
    );
  if (wanted("filter")) {
    const there = await makeRuns(target, plan.runs.count, plan.runs.seconds, plan.runs.paced);
    say(rowOf("filter of 200 runs", who, where, "request", await filters(target, 1, plan.filter), `among ${there}`));
  }
}
