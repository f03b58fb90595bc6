/** Makes a failing list of steps shorter, as long as what is left breaks the same rule. */
import { type Outcome, planOf, simulate } from "./run.ts";
import type { Ground } from "./world.ts";

/** Simulations spent on it. */
const TRIES = 150;

/** The steps that are left, and how the shortest failing list went. */
export async function shorten(
  failing: Outcome,
  steps: number,
  ground: Ground,
): Promise<{ keep: number[]; outcome: Outcome }> {
  const { seed, violation } = failing;
  let keep = planOf({ seed, steps })
    .schedule.filter(({ kind }) => kind !== "nothing")
    .map(({ index }) => index);
  let outcome = failing;
  let tries = 0;
  const stillFails = async (candidate: number[]): Promise<boolean> => {
    tries += 1;
    const next = await simulate({ seed, steps, keep: new Set(candidate) }, ground);
    if (next.violation?.rule !== violation?.rule) return false;
    [keep, outcome] = [candidate, next];
    return true;
  };
  if (!(await stillFails(keep))) keep = planOf({ seed, steps }).schedule.map(({ index }) => index);
  for (let size = Math.ceil(keep.length / 2); size >= 1 && tries < TRIES; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = keep.length - size; from > -size && tries < TRIES; from -= size) {
      const [start, end] = [Math.max(from, 0), from + size];
      await stillFails(keep.filter((_, at) => at < start || at >= end));
    }
  }
  return { keep, outcome };
}
