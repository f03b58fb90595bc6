/** Thousands of active schedules of which none is due: what a restart costs, and what they write while they wait. */
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { type ProbedServer, probedServer, total } from "../probe-server.ts";
import { cpuOf } from "../processes.ts";

import { type WireClient, withClients } from "../target.ts";
import { benchDeployment, makePool } from "./dispatch.ts";

const POOL = "bench-schedules";
const PER_DEPLOYMENT = 100;
/** A server is at rest when it uses no more than so many CPU milliseconds in a second. */
const AT_REST = 100;
/** Seconds for which rows are counted, and for a server to come to rest. */
const WATCHED = 20;
const PATIENCE = 60;

export interface ManySchedules {
  schedules: number;
  /** Seconds to make them, and from the start of a server to its rest. */
  made: number;
  replanned: number;
  /** Rows in a minute, with the minute's work of the clock in it. */
  rows: number;
}

export async function manySchedules(folder: string, count: number): Promise<ManySchedules> {
  const first = await probedServer(folder);
  let made: number;
  try {
    made = await make(first, count);
    await untilAtRest(first);
  } finally {
    await first.stop();
  }
  const start = performance.now();
  const server = await probedServer(folder);
  try {
    const rest = await untilAtRest(server);
    const replanned = (rest - start) / 1000;
    const before = total(await server.rowsWritten());
    await server.minute();
    await wait(WATCHED * 1000);
    return { schedules: count, made, replanned, rows: total(await server.rowsWritten()) - before };
  } finally {
    await server.stop();
  }
}

async function make({ target }: ProbedServer, count: number): Promise<number> {
  await makePool(target, POOL);
  const start = performance.now();
  // Once a year, each at a minute of its own.
  const schedules = Array.from({ length: PER_DEPLOYMENT }, (_, at) => ({
    active: true,
    schedule: { cron: `${at % 60} ${at % 24} 1 1 *`, timezone: "UTC" },
  }));
  await withClients(target, 4, async (open) => {
    let next = 0;
    await Promise.all(
      open.map(async (_client: WireClient) => {
        while (next < count / PER_DEPLOYMENT)
          await benchDeployment(target, POOL, { name: `year-${next++}`, schedules });
      }),
    );
  });
  return (performance.now() - start) / 1000;
}

/** The moment since which the server does nothing. */
async function untilAtRest({ target }: ProbedServer): Promise<number> {
  const deadline = performance.now() + PATIENCE * 1000;
  for (;;) {
    const [since, cpu] = [performance.now(), cpuOf(target.pids())];
    await wait(1000);
    if (cpuOf(target.pids()) - cpu <= AT_REST) return since;
    if (performance.now() > deadline) throw new Error(`The server was not at rest after ${PATIENCE} s.`);
  }
}
