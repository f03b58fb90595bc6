/** Agents that are connected and have nothing to do: what they write, what they cost, what each takes of memory. */
import { setTimeout as wait } from "node:timers/promises";
import { BenchAgents } from "../bench-agent.ts";
import { type ProbedServer, total } from "../probe-server.ts";
import { cpuOf, memoryOf } from "../processes.ts";
import { makePool } from "./dispatch.ts";

const POOL = "bench-idle";
/** Seconds for sessions to be written down, and for which they are then watched: every agent pings once at least. */
const SETTLE = 3;
const WATCHED = 12;

export interface IdleAgents {
  agents: number;
  rows: number;
  /** Kilobytes of the server for each, and CPU milliseconds a second for all. */
  kilobytes: number;
  cpu: number;
}

export async function idleAgents(server: ProbedServer, count: number): Promise<IdleAgents> {
  await makePool(server.target, POOL);
  const pids = server.target.pids();
  const memory = () => pids.reduce((total, pid) => total + memoryOf(pid), 0);
  // What the first ones compile and open is not theirs.
  (await BenchAgents.connect(server.target, POOL, 20, 1)).close();
  const before = memory();
  const agents = await BenchAgents.connect(server.target, POOL, count, 1);
  try {
    await wait(SETTLE * 1000);
    const [rows, cpu] = [total(await server.rowsWritten()), cpuOf(pids)];
    await wait(WATCHED * 1000);
    const used = cpuOf(pids) - cpu;
    return {
      agents: count,
      rows: total(await server.rowsWritten()) - rows,
      kilobytes: ((memory() - before) * 1024) / count,
      cpu: used / WATCHED,
    };
  } finally {
    agents.close();
  }
}
