/** What only Millrace has: dispatch to an agent, start-up, memory, rows and syncs. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fsyncsPerUnit, hasStrace } from "./fsyncs.ts";
import type { Sample } from "./measure.ts";
import { type MillraceServer, startMillrace } from "./millrace-server.ts";
import type { Plan } from "./plan.ts";
import { commandOf, cpuOf, memoryOf } from "./processes.ts";
import { number } from "./report.ts";
import { type Attempt, factRow, type Row, rowOf } from "./row.ts";
import { rowsOfRun } from "./rows.ts";
import { claims } from "./workloads/dispatch.ts";
import { firstLines, nodeFirstLine } from "./workloads/first-line.ts";
import { lifeCycles } from "./workloads/runs.ts";

/** Seconds for a fresh server to come to rest, and for which it is then watched. */
const REST = 10;

export async function measureAgent(
  where: string,
  folder: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const state = join(folder, "state");
  try {
    if (wanted("idle")) await idle(where, state, attempt);
    const withServer = async (name: string, note: string, env: Record<string, string>, work: Measured) =>
      attempt(name, async () => {
        const server = await startMillrace(state, true, env);
        try {
          return rowOf(name, "millrace", where, "run", await work(server), note);
        } finally {
          await server.stop();
        }
      });
    if (wanted("claim"))
      await withServer("trigger to the claim in an agent's hands", "CPU of the whole run", {}, ({ target }) =>
        claims(target, plan.claim),
      );
    if (wanted("first-line")) {
      const first = "trigger to the first line of user code";
      await withServer(`${first}, a new Node process`, FIRST_LINE, { MILLRACE_AGENT_NO_WARM: "1" }, async (server) =>
        firstLines(server.target, await nodeFirstLine(server), folder, plan.firstLine, 0),
      );
      await withServer(`${first}, a Node process that waited`, FIRST_LINE, {}, async (server) =>
        firstLines(server.target, await nodeFirstLine(server), folder, plan.warmFirstLine, REPLACED),
      );
    }
    if (wanted("fsyncs")) await attempt(SYNCS, () => fsyncRow(where, folder));
    if (wanted("rows"))
      await attempt(ROWS, async () => {
        const rows = await rowsOfRun(join(folder, "rows"), plan.rowRuns);
        const text = Object.entries(rows).map(([writer, count]) => `${writer} ${number(count)}`);
        return factRow(ROWS, where, text.join(", "), rows);
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Measured = (server: MillraceServer) => Promise<Sample>;

const FIRST_LINE = "CPU of server and agent";
/** The time that a used process is given to be replaced, in milliseconds. */
const REPLACED = 300;
const SYNCS = "syncs to disk";
const ROWS = "rows written by a run of 5 tasks and 20 log lines";

async function idle(where: string, state: string, attempt: Attempt): Promise<void> {
  const first = await startMillrace(state, true);
  await first.stop();
  const server = await startMillrace(state, true);
  try {
    const starts = "start-up to ready";
    const slowest = Math.max(first.startUp, server.startUp);
    const note = `${number(first.startUp)} s the first time, ${number(server.startUp)} s the second`;
    await attempt(starts, async () => factRow(starts, where, note, { slowest }));
    const rest = "memory and CPU at rest";
    await attempt(rest, async () => {
      await wait(REST * 1000);
      const pids = server.target.pids();
      const cpu = cpuOf(pids);
      await wait(REST * 1000);
      const used = (cpuOf(pids) - cpu) / REST;
      const parts = pids.map((pid) => ({ name: partOf(commandOf(pid)), megabytes: memoryOf(pid) }));
      const megabytes = parts.reduce((total, part) => total + part.megabytes, 0);
      const text = parts
        .filter(({ name }) => name !== "guardian")
        .map((part) => `${part.name} ${Math.round(part.megabytes)}`)
        .join(", ");
      const note = `${Math.round(megabytes)} MB (${text}); ${number(used)} CPU ms a second`;
      return factRow(rest, where, note, { megabytes });
    });
  } finally {
    await server.stop();
  }
}

function partOf(command: string): string {
  if (command.includes("workerd serve")) return "workerd";
  if (command.includes("agent start")) return "agent";
  if (command.includes("start.ts")) return "host";
  return "guardian";
}

/** In a server that did nothing else: what was open before would be closed, and synced, in the middle of it. */
async function fsyncRow(where: string, folder: string): Promise<Row> {
  if (!hasStrace()) return factRow(SYNCS, where, "not counted: there is no strace");
  const { target, stop } = await startMillrace(join(folder, "fsyncs"), false);
  try {
    const pids = target.pids().filter((pid) => commandOf(pid).includes("workerd serve"));
    const life = await fsyncsPerUnit(pids, folder, (count) => lifeCycles(target, 1, { count, seconds: 60 }));
    const dispatched = await fsyncsPerUnit(pids, folder, (count) => claims(target, { count, seconds: 60 }));
    const note = `${number(life)} for a life cycle, ${number(dispatched)} for a dispatched run`;
    return factRow(SYNCS, where, note, life === null || dispatched === null ? {} : { life, dispatched });
  } finally {
    await stop();
  }
}
