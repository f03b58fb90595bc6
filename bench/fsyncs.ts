/** Counts the syncs to disk of a process while some work is done, with strace; null where there is no strace. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds for what is written after the answer: the index, and the closing of what is not needed any more. */
const SETTLE = 3_000;
/** Milliseconds after which what was done before has been closed: an object syncs once more ten seconds after its last call. */
const REST = 12_000;
export const hasStrace = (): boolean => spawnSync("strace", ["-V"], { stdio: "ignore" }).status === 0;

/**
 * Syncs of one unit of work: the difference between eleven units and one, so that what is done once falls out. The server
 * should have done nothing else before. Null where there is no strace.
 */
export async function fsyncsPerUnit(
  pids: readonly number[],
  folder: string,
  work: (count: number) => Promise<unknown>,
): Promise<number | null> {
  await work(1);
  const counts: number[] = [];
  for (const units of [1, 11]) {
    await wait(REST);
    const count = await countFsyncs(pids, folder, async () => void (await work(units)));
    if (count === null) return null;
    counts.push(count);
  }
  const [one = 0, eleven = 0] = counts;
  return (eleven - one) / 10;
}

/** Syncs of `pids` while `work` runs and shortly after. */
export async function countFsyncs(
  pids: readonly number[],
  folder: string,
  work: () => Promise<void>,
): Promise<number | null> {
  if (!hasStrace()) return null;
  const summary = join(folder, "strace");
  rmSync(summary, { force: true });
  const attach = pids.flatMap((pid) => ["-p", String(pid)]);
  const tracer = spawn("strace", ["-f", "-c", "-e", "trace=fsync,fdatasync", "-o", summary, ...attach], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => tracer.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("attached")) resolve();
    });
    void ended.then(() => reject(new Error(`strace ended: ${said}`)));
  });
  await work();
  await wait(SETTLE);
  tracer.kill("SIGINT");
  await ended;
  return existsSync(summary) ? total(readFileSync(summary, "utf8")) : 0;
}

/** Calls in strace's summary: the fourth column of each row. */
export function total(summary: string): number {
  let calls = 0;
  for (const line of summary.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (/^f(data)?sync$/.test(columns.at(-1) ?? "")) calls += Number(columns[3]);
  }
  return calls;
}
