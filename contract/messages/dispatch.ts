/** What travels on the dispatch queue: a run that is due, on its way to its pool. It may come twice, late, and in any order. */
import { z } from "zod";

export const DispatchMessage = z.object({
  v: z.literal(1),
  workspace: z.uuid(),
  /** Where the workspace's index is. */
  shard: z.int(),
  pool: z.uuid(),
  queue: z.uuid().nullable(),
  run: z.uuid(),
  /** Microseconds since 1970. */
  due: z.int(),
  /** Lower goes first. */
  priority: z.int(),
  /** Runs of one key share its turns. */
  key: z.string().max(200).optional(),
  weight: z.number().positive().optional(),
});
export type DispatchMessage = z.output<typeof DispatchMessage>;
