/** One place for state: a server and the floors on the same disk, in the same minutes. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Floor, type FloorServer, fsyncFloor, startFloors, type Way } from "./floors.ts";
import { medianSample, type Sample } from "./measure.ts";
import { type MillraceServer, startMillrace } from "./millrace-server.ts";
import type { Plan } from "./plan.ts";
import { number } from "./report.ts";
import { type Row, rowOf } from "./row.ts";
import { wireRows } from "./wire-rows.ts";
import { type Limits, lifeCycles, reads } from "./workloads/runs.ts";

/** Clients of a loaded server. */
const MANY = 32;

/** Everything that a wire server and its floors are measured by, in one place. */
export async function measurePlace(
  where: string,
  folder: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  say: (row: Row) => void,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const floors = await startFloors(join(folder, "floors"));
  const server = await startMillrace(join(folder, "state"), false);
  try {
    say(rowOf("fsync of 4 KB", "floor", where, "write", await fsyncFloor(folder, plan.fsync)));
    await compared(where, floors, server, plan, wanted, say);
    await wireRows(server.target, where, plan, wanted, async (_name, work) => say(await work()));
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe server's last lines:\n${server.output()}`, { cause: error });
  } finally {
    await server.stop();
    await floors.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What has a floor: a round of each, one after another, so that both meet the same disturbances. */
async function compared(
  where: string,
  floors: FloorServer,
  server: MillraceServer,
  plan: Plan,
  wanted: (name: string) => boolean,
  say: (row: Row) => void,
): Promise<void> {
  const floor = (name: Floor, way: Way, limits: Limits) =>
    floors.measure(name, way, MANY, limits.count, limits.seconds);
  const samples: Record<string, Sample[]> = {};
  const keep = async (name: string, work: Promise<Sample>) => {
    samples[name] = [...(samples[name] ?? []), await work];
  };
  // Compiles what is compiled on the way.
  await floor("empty", "direct", { count: 3000, seconds: 3 });
  await reads(server.target, MANY, { count: 3000, seconds: 5 });
  await lifeCycles(server.target, MANY, { count: 100, seconds: 5 });
  for (let round = 0; round < plan.rounds; round++) {
    if (wanted("read")) {
      await keep("empty direct", floor("empty", "direct", plan.empty));
      await keep("empty entry", floor("empty", "entry", plan.empty));
      await keep("read", reads(server.target, MANY, plan.read));
    }
    if (wanted("life-cycle")) {
      await keep("new direct", floor("new-object", "direct", plan.floor));
      await keep("life", lifeCycles(server.target, MANY, plan.life));
      await keep("new entry", floor("new-object", "entry", plan.floor));
    }
  }
  if (wanted("life-cycle")) {
    await keep("old direct", floor("old-object", "direct", plan.d1));
    await keep("d1 direct", floor("d1", "direct", plan.d1));
  }
  const median = (name: string): Sample | null => (samples[name] ? medianSample(samples[name]) : null);
  const floorRow = (title: string, name: string) => {
    const sample = median(name);
    if (sample !== null) say(rowOf(title, "floor", where, "request", sample));
  };
  floorRow("empty Worker", "empty direct");
  floorRow("empty Worker, through miniflare's entry", "empty entry");
  floorRow("one row into a new object", "new direct");
  floorRow("one row into a new object, through miniflare's entry", "new entry");
  floorRow("one row into an existing object", "old direct");
  floorRow("one D1 insert", "d1 direct");
  const againstFloors = (title: string, unit: string, name: string, direct: string, entry: string) => {
    const sample = median(name);
    if (sample === null) return;
    const note = `${ratio(samples, name, direct)} of its floor, ${ratio(samples, name, entry)} of it through the entry`;
    say(rowOf(title, "millrace", where, unit, sample, note));
  };
  againstFloors(`read a run by id, ${MANY} clients`, "request", "read", "empty direct", "empty entry");
  againstFloors(`run life cycle, ${MANY} clients`, "run", "life", "new direct", "new entry");
}

/** The middle one of the rounds' ratios. */
function ratio(samples: Record<string, Sample[]>, name: string, floor: string): string {
  const ratios = (samples[name] ?? [])
    .map(({ perSecond }, round) => perSecond / (samples[floor]?.[round]?.perSecond ?? Number.NaN))
    .sort((a, b) => a - b);
  return number(ratios[Math.floor(ratios.length / 2)] ?? null);
}
