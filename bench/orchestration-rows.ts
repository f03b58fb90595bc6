/** What the orchestration is held to beside its floors: cost of runs with tasks, punctuality, and what waiting costs. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type MillraceServer, startMillrace } from "./millrace-server.ts";
import type { Plan } from "./plan.ts";
import { probedServer } from "./probe-server.ts";
import { number } from "./report.ts";
import { type Attempt, factRow, rowOf } from "./row.ts";
import { DISPATCHED_TASK, DUE_TOGETHER, FIVE_TASKS, IDLE_AGENTS, LARGE_RUN, MANY_SCHEDULES } from "./row-names.ts";
import { dispatchedRuns } from "./workloads/dispatch.ts";
import { dueTogether } from "./workloads/due-together.ts";
import { idleAgents } from "./workloads/idle-agents.ts";
import { largeRun } from "./workloads/large-run.ts";
import { manySchedules } from "./workloads/many-schedules.ts";
import { runsWithTasks } from "./workloads/task-events.ts";

const CLIENTS = 8;

export async function measureOrchestration(
  where: string,
  folder: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const state = join(folder, "state");
  const fresh = async <T>(work: (server: MillraceServer) => Promise<T>): Promise<T> => {
    const server = await startMillrace(state, false);
    try {
      return await work(server);
    } finally {
      await server.stop();
      rmSync(state, { recursive: true, force: true });
    }
  };
  try {
    if (wanted("dispatched-task"))
      await attempt(DISPATCHED_TASK, () =>
        fresh(async ({ target }) => {
          await dispatchedRuns(target, CLIENTS, 1, { count: 50, seconds: 5 });
          const sample = await dispatchedRuns(target, CLIENTS, 1, plan.dispatched);
          return rowOf(DISPATCHED_TASK, "millrace", where, "run", sample, `${CLIENTS} clients`);
        }),
      );
    if (wanted("five-tasks"))
      await attempt(FIVE_TASKS, () =>
        fresh(async ({ target }) => {
          await runsWithTasks(target, CLIENTS, 5, { count: 50, seconds: 5 });
          const sample = await runsWithTasks(target, CLIENTS, 5, plan.dispatched);
          return rowOf(FIVE_TASKS, "millrace", where, "run", sample, `${CLIENTS} clients, events by socket`);
        }),
      );
    if (wanted("large-run"))
      await attempt(LARGE_RUN, () =>
        fresh(async ({ target }) => {
          const found = await largeRun(target, state, plan.largeRun);
          const note = `${found.tasks} tasks: ${number(found.eventsPerSecond)} events a second, graph-v2 of ${found.nodes} nodes in ${number(found.graph)} ms, ${number(found.megabytes)} MB`;
          return factRow(LARGE_RUN, where, note, { ...found });
        }),
      );
    if (wanted("due-together"))
      await attempt(DUE_TOGETHER, () =>
        fresh(async ({ target }) => {
          const found = await dueTogether(target, plan.dueTogether);
          const missing = found.schedules - found.started;
          const note = `${found.started} of ${found.schedules} began, ${found.early} early, ${found.twice} twice; p50 ${found.p50} ms, the last ${found.last} ms after due`;
          return factRow(DUE_TOGETHER, where, note, { ...found, wrong: missing + found.early + found.twice });
        }),
      );
    if (wanted("idle-agents"))
      await attempt(IDLE_AGENTS, async () => {
        const server = await probedServer(join(folder, "idle"));
        try {
          const found = await idleAgents(server, plan.idleAgents);
          const note = `${found.agents} agents: ${found.rows} rows in 12 s, ${number(found.cpu)} CPU ms a second, ${number(found.kilobytes)} KB each`;
          return factRow(IDLE_AGENTS, where, note, { ...found });
        } finally {
          await server.stop();
        }
      });
    if (wanted("schedules"))
      await attempt(MANY_SCHEDULES, async () => {
        const found = await manySchedules(join(folder, "schedules"), plan.schedules);
        const note = `${found.schedules} schedules, made in ${number(found.made)} s: ${number(found.replanned)} s from a start to rest, ${found.rows} rows in a minute`;
        return factRow(MANY_SCHEDULES, where, note, { ...found });
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
