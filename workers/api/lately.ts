/**
 * Runs that were made here a moment ago and may still be on their way to their pool: a poll right after a create finds them.
 *
 * It is a courtesy of one isolate. A pool learns of its runs by the dispatch queue, which takes some milliseconds.
 */
import type { Offer } from "../../durable-objects/work-pool/rpc.ts";

/** Milliseconds for which a run counts as on its way. */
const ON_ITS_WAY = 2_000;

const runs = new Map<string, { at: number; offer: Offer }[]>();

/** A run was made for a pool. */
export function madeFor(pool: string, offer: Offer): void {
  runs.set(pool, [...lately(pool), { at: Date.now(), offer }]);
}

/** The runs that were made for a pool a moment ago. */
export const madeLately = (pool: string): Offer[] => lately(pool).map(({ offer }) => offer);

function lately(pool: string): { at: number; offer: Offer }[] {
  const known = runs.get(pool);
  if (!known) return [];
  const fresh = known.filter(({ at }) => Date.now() - at < ON_ITS_WAY);
  if (fresh.length === 0) runs.delete(pool);
  else if (fresh.length < known.length) runs.set(pool, fresh);
  return fresh;
}
