/** What only Millrace has: dispatch to an agent, start-up, memory, rows and syncs. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fsyncsPerUnit, hasStrace } from "./fsyncs.ts";
import { startMillrace } from "./millrace-server.ts";
import type { Plan } from "./plan.ts";
import { commandOf, cpuOf, memoryOf } from "./processes.ts";
import { number } from "./report.ts";
import { factRow, type Row, rowOf } from "./row.ts";
import { rowsOfRun } from "./rows.ts";
import { claims } from "./workloads/dispatch.ts";
import { firstLines } from "./workloads/first-line.ts";
import { lifeCycles } from "./workloads/runs.ts";

/** Seconds for a fresh server to come to rest, and for which it is then watched. */
const REST = 10;

export async function measureAgent(
  where: string,
  folder: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  say: (row: Row) => void,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const state = join(folder, "state");
  try {
    if (wanted("idle")) await idle(where, state, say);
    if (wanted("claim") || wanted("first-line")) {
      const server = await startMillrace(state, true);
      try {
        if (wanted("claim"))
          say(
            rowOf(
              "trigger to the claim in an agent's hands",
              "millrace",
              where,
              "run",
              await claims(server.target, plan.claim),
              "CPU of the whole run",
            ),
          );
        if (wanted("first-line"))
          say(
            rowOf(
              "trigger to the first line of user code",
              "millrace",
              where,
              "run",
              await firstLines(server, folder, plan.firstLine),
              "warm agent, new Node process; CPU of server and agent",
            ),
          );
      } finally {
        await server.stop();
      }
    }
    if (wanted("fsyncs")) await fsyncRows(where, folder, say);
    if (wanted("rows")) {
      const rows = await rowsOfRun(join(folder, "rows"), plan.rowRuns);
      const text = Object.entries(rows).map(([writer, count]) => `${writer} ${number(count)}`);
      say(factRow("rows written by a run of 5 tasks and 20 log lines", where, text.join(", ")));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function idle(where: string, state: string, say: (row: Row) => void): Promise<void> {
  const first = await startMillrace(state, true);
  await first.stop();
  const server = await startMillrace(state, true);
  try {
    say(
      factRow(
        "start-up to ready",
        where,
        `${number(first.startUp)} s the first time, ${number(server.startUp)} s the second`,
      ),
    );
    await wait(REST * 1000);
    const pids = server.target.pids();
    const cpu = cpuOf(pids);
    await wait(REST * 1000);
    const used = (cpuOf(pids) - cpu) / REST;
    const parts = pids.map((pid) => ({ name: partOf(commandOf(pid)), megabytes: memoryOf(pid) }));
    const sum = parts.reduce((total, { megabytes }) => total + megabytes, 0);
    const text = parts
      .filter(({ name }) => name !== "guardian")
      .map(({ name, megabytes }) => `${name} ${Math.round(megabytes)}`)
      .join(", ");
    say(factRow("memory and CPU at rest", where, `${Math.round(sum)} MB (${text}); ${number(used)} CPU ms a second`));
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
async function fsyncRows(where: string, folder: string, say: (row: Row) => void): Promise<void> {
  if (!hasStrace()) {
    say(factRow("syncs to disk", where, "not counted: there is no strace"));
    return;
  }
  const { target, stop } = await startMillrace(join(folder, "fsyncs"), false);
  try {
    const pids = target.pids().filter((pid) => commandOf(pid).includes("workerd serve"));
    const life = await fsyncsPerUnit(pids, folder, (count) => lifeCycles(target, 1, { count, seconds: 60 }));
    const dispatched = await fsyncsPerUnit(pids, folder, (count) => claims(target, { count, seconds: 60 }));
    const note = `${number(life)} for a life cycle, ${number(dispatched)} for a dispatched run`;
    say(factRow("syncs to disk", where, note));
  } finally {
    await stop();
  }
}
