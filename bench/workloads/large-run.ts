/** One run of ten thousand tasks: its events, its graph, and what it takes of the disk. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { quantile } from "../measure.ts";
import type { Target, WireClient } from "../target.ts";
import { withClients } from "../target.ts";
import { runningRun } from "./runs.ts";
import { openEvents, sendAll, taskRunEvents, untilCompleted } from "./task-events.ts";

/** Times that the graph is read. */
const READS = 5;

export interface LargeRun {
  tasks: number;
  eventsPerSecond: number;
  /** Milliseconds of a graph, the middle one. */
  graph: number;
  nodes: number;
  megabytes: number;
}

/** `state`: the server's folder. */
export async function largeRun(target: Target, state: string, tasks: number): Promise<LargeRun> {
  const before = filesOf(state);
  const { flow, run } = await runningRun(target);
  const frames = taskRunEvents(flow, run, tasks);
  const socket = await openEvents(target);
  try {
    return await withClients(target, 1, async ([client]) => {
      const wire = client as WireClient;
      const start = performance.now();
      await sendAll(socket, frames);
      await untilCompleted(wire, [run], tasks);
      const seconds = (performance.now() - start) / 1000;
      const times: number[] = [];
      let nodes = 0;
      for (let read = 0; read < READS; read++) {
        const asked = performance.now();
        const graph = await wire.json<{ nodes: unknown[] }>("GET", `/flow_runs/${run}/graph-v2`);
        times.push(performance.now() - asked);
        nodes = graph.nodes.length;
      }
      const grown = [...filesOf(state)].filter(([file]) => file.includes("FlowRun") && !before.has(file));
      return {
        tasks,
        eventsPerSecond: frames.length / seconds,
        graph:
          quantile(
            times.sort((a, b) => a - b),
            0.5,
          ) ?? Number.NaN,
        nodes,
        megabytes: Math.max(0, ...grown.map(([, size]) => size)) / 2 ** 20,
      };
    });
  } finally {
    socket.close();
  }
}

/** Databases below a folder, without their logs, with their sizes. */
function filesOf(folder: string): Map<string, number> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sqlite"));
  return new Map(files.map((file) => [file, statSync(join(folder, file)).size]));
}
