/** One place for state: a server and the floors on the same disk, in the same minutes. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Floor, type FloorServer, fsyncFloor, startFloors, type Way } from "./floors.ts";
import { medianSample, type Sample } from "./measure.ts";
import { type MillraceServer, startMillrace } from "./millrace-server.ts";
import type { Plan } from "./plan.ts";
import { number } from "./report.ts";
import { type Attempt, type Row, rowOf } from "./row.ts";
import { wireRows } from "./wire-rows.ts";
import { dispatchedRuns, emptyPolls } from "./workloads/dispatch.ts";
import { type Limits, lifeCycles, reads, setStates } from "./workloads/runs.ts";

/** Clients of a loaded server. */
const MANY = 32;

/** Everything that a wire server and its floors are measured by, in one place. */
export async function measurePlace(
  where: string,
  folder: string,
  plan: Plan,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const floors = await startFloors(join(folder, "floors"));
  const server = await startMillrace(join(folder, "state"), false);
  try {
    const told: Attempt = (name, work) => attempt(name, () => work().catch((error) => fail(error, server)));
    await told("fsync of 4 KB", async () =>
      rowOf("fsync of 4 KB", "floor", where, "write", await fsyncFloor(folder, plan.fsync)),
    );
    await compared(where, floors, server, plan, wanted, told);
    await wireRows(server.target, where, plan, wanted, told);
  } finally {
    await server.stop();
    await floors.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function fail(error: Error, server: MillraceServer): never {
  throw new Error(`${error.message}\nThe server's last lines:\n${server.output()}`, { cause: error });
}

/** What has a floor: a round of each, one after another, so that both meet the same disturbances. */
async function compared(
  where: string,
  floors: FloorServer,
  server: MillraceServer,
  plan: Plan,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  const floor =
    (name: Floor, way: Way, limits: Limits): Measure =>
    () =>
      floors.measure(name, way, MANY, limits.count, limits.seconds);
  // Compiles what is compiled on the way.
  await floor("empty", "direct", { count: 3000, seconds: 3 })();
  await reads(server.target, MANY, { count: 3000, seconds: 5 });
  await lifeCycles(server.target, MANY, { count: 100, seconds: 5 });
  const row = (name: string, sample: Sample) =>
    attempt(name, async () => rowOf(name, "floor", where, "request", sample));
  if (wanted("read")) {
    const name = `read a run by id, ${MANY} clients`;
    await attempt(name, async () => {
      const samples = await rounds(plan.rounds, {
        direct: floor("empty", "direct", plan.empty),
        entry: floor("empty", "entry", plan.empty),
        own: () => reads(server.target, MANY, plan.read),
      });
      await row("empty Worker", medianSample(samples.direct));
      await row("empty Worker, through miniflare's entry", medianSample(samples.entry));
      return besideFloors(name, where, "request", samples);
    });
  }
  if (wanted("life-cycle")) {
    const name = `run life cycle, ${MANY} clients`;
    await attempt(name, async () => {
      const samples = await rounds(plan.rounds, {
        direct: floor("new-object", "direct", plan.floor),
        own: () => lifeCycles(server.target, MANY, plan.life),
        entry: floor("new-object", "entry", plan.floor),
      });
      await row("one row into a new object", medianSample(samples.direct));
      await row("one row into a new object, through miniflare's entry", medianSample(samples.entry));
      await row("one row into an existing object", await floor("old-object", "direct", plan.d1)());
      await row("one D1 insert", await floor("d1", "direct", plan.d1)());
      return besideFloors(name, where, "run", samples);
    });
  }
  const own = {
    "set-state": () => setStates(server.target, MANY, plan.setState),
    dispatched: () => dispatchedRuns(server.target, MANY, 0, plan.dispatched),
    poll: () => emptyPolls(server.target, MANY, plan.poll),
  };
  const limits = { "old-object": plan.d1, "new-object": plan.floor, empty: plan.empty };
  for (const [key, name, unit, kind] of BESIDE) {
    if (!wanted(key)) continue;
    await attempt(name, async () => {
      await own[key]();
      const samples = await rounds(plan.rounds, {
        direct: floor(kind, "direct", limits[kind]),
        own: own[key],
        entry: floor(kind, "entry", limits[kind]),
      });
      return besideFloors(name, where, unit, samples);
    });
  }
}

/** Names, titles and floors of what is compared with one floor alone. */
const BESIDE = [
  ["set-state", `a state set, ${MANY} clients`, "request", "old-object"],
  ["dispatched", `runs created, dispatched and completed, ${MANY} clients`, "run", "new-object"],
  ["poll", `a poll that finds nothing, ${MANY} clients`, "request", "empty"],
] as const;

type Measure = () => Promise<Sample>;
type Compared = Record<"direct" | "entry" | "own", Sample[]>;

/** Each once a round, in the order given. */
async function rounds(count: number, measures: Record<keyof Compared, Measure>): Promise<Compared> {
  const samples: Compared = { direct: [], entry: [], own: [] };
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of Object.entries(measures)) samples[name as keyof Compared].push(await measure());
  }
  return samples;
}

function besideFloors(name: string, where: string, unit: string, samples: Compared): Row {
  const ofFloor = ratio(samples.own, samples.direct);
  const note = `${number(ofFloor)} of its floor, ${number(ratio(samples.own, samples.entry))} of it through the entry`;
  return rowOf(name, "millrace", where, unit, medianSample(samples.own), note, { ofFloor });
}

/** The middle one of the rounds' ratios. */
function ratio(own: readonly Sample[], floor: readonly Sample[]): number {
  const ratios = own
    .map(({ perSecond }, round) => perSecond / (floor[round]?.perSecond ?? Number.NaN))
    .sort((a, b) => a - b);
  return ratios[Math.floor(ratios.length / 2)] ?? Number.NaN;
}
