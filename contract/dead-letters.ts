/**
 * Dead letters: messages of the dispatch queue that no pool took however often they were tried. One is kept for each run, under
 * the run's id, until an operator sends it on its way again or drops it.
 */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { ById, Limit, maybe, Offset, otherwise, TimestampText, Uuid } from "./wire.ts";

export const DEAD_LETTER_STATUSES = ["WAITING", "REPLAYED", "DROPPED"] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

export const DeadLetterOut = z.object({
  /** The run's. */
  id: z.uuid(),
  /** When its first message was parked, and when something last became of it. */
  created: TimestampText,
  updated: TimestampText,
  status: z.enum(DEAD_LETTER_STATUSES),
  work_pool_id: z.uuid(),
  work_queue_id: z.uuid().nullable(),
  due: TimestampText,
  priority: z.int(),
  /** When and by whom it was replayed or dropped. */
  resolved: TimestampText.nullable(),
  resolved_by: z.uuid().nullable(),
  /** What the index knows of the run; null where the run was deleted. */
  flow_run_name: z.string().nullable(),
  flow_run_state_type: z.string().nullable(),
});
export type WireDeadLetter = z.output<typeof DeadLetterOut>;

const one = { params: ById, status: 200, result: DeadLetterOut } as const;

export const deadLetters = {
  filter: endpoint({
    method: "POST",
    path: "/dead_letters/filter",
    scope: "see_work_pools",
    body: z.object({
      status: otherwise(z.array(z.enum(DEAD_LETTER_STATUSES)).max(3), ["WAITING"]),
      work_pool_id: maybe(Uuid),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(DeadLetterOut),
    summary: "Lists dead letters, those that wait if not asked otherwise, oldest run first.",
  }),
  read: endpoint({
    ...one,
    method: "GET",
    path: "/dead_letters/{id}",
    scope: "see_work_pools",
    summary: "Reads the dead letter of a run.",
  }),
  replay: endpoint({
    ...one,
    method: "POST",
    path: "/dead_letters/{id}/replay",
    scope: "manage_work_pools",
    summary: "Sends a dead letter to its pool again.",
  }),
  drop: endpoint({
    ...one,
    method: "POST",
    path: "/dead_letters/{id}/drop",
    scope: "manage_work_pools",
    summary: "Drops a dead letter. Its run is not cancelled.",
  }),
};
