/** How a workload is measured: a closed loop of clients, wall time, latencies, and the server's own CPU time. */
import { performance } from "node:perf_hooks";
import { cpuOf } from "./processes.ts";

export interface Sample {
  /** Units of work done. */
  count: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds of one unit as its client saw it; null where units are not seen one by one. */
  p50: number | null;
  p99: number | null;
  /** CPU milliseconds of the server's processes for one unit; null when they are not on this machine. */
  cpu: number | null;
  /** Answers that said «too busy», where they were counted. */
  busy?: number;
}

export interface Loop {
  clients: number;
  /** Units to do in all; the loop may end earlier by `seconds`. */
  count: number;
  /** Seconds after which no new unit is begun. */
  seconds: number;
  pids: readonly number[];
  /** One unit of work of a client. */
  step(client: number): Promise<void>;
}

/** Runs the loop. A unit that fails ends it: a server that refuses work is not measured. */
export async function closedLoop({ clients, count, seconds, pids, step }: Loop): Promise<Sample> {
  const latencies: number[] = [];
  const cpu = cpuOf(pids);
  const start = performance.now();
  let begun = 0;
  const end = start + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (begun < count && performance.now() < end) {
        begun += 1;
        const before = performance.now();
        await step(client);
        latencies.push(performance.now() - before);
      }
    }),
  );
  return sampleOf(
    latencies.length,
    (performance.now() - start) / 1000,
    latencies,
    pids.length > 0 ? cpuOf(pids) - cpu : null,
  );
}

/** A sample of units that were not seen one by one. */
export async function timed(count: number, pids: readonly number[], work: () => Promise<void>): Promise<Sample> {
  const cpu = cpuOf(pids);
  const start = performance.now();
  await work();
  return sampleOf(count, (performance.now() - start) / 1000, [], pids.length > 0 ? cpuOf(pids) - cpu : null);
}

/** A sample of latencies that were taken one after another; `cpu` is that of all of them together. */
export function latencySample(latencies: readonly number[], cpu: number | null): Sample {
  return sampleOf(latencies.length, latencies.reduce((sum, one) => sum + one, 0) / 1000, [...latencies], cpu);
}

function sampleOf(count: number, seconds: number, latencies: number[], cpu: number | null): Sample {
  const sorted = latencies.sort((a, b) => a - b);
  return {
    count,
    seconds,
    perSecond: count / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    cpu: cpu === null ? null : cpu / count,
  };
}

/** The value below which a share of a sorted list lies; null of an empty list. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0 ? null : (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null);
}

/** The sample with the median rate: one disturbed round does not move it. */
export function medianSample(samples: readonly Sample[]): Sample {
  const sorted = [...samples].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("A median needs samples.");
  return middle;
}
