/** Log lines of flow runs and task runs. */
import { LOG_SORTS } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { LogFilter } from "./filters.ts";
import { Limit, maybe, Name, Offset, otherwise, Timestamp, TimestampText, text, Uuid } from "./wire.ts";

const LogCreate = z
  .strictObject({
    name: Name,
    level: z.int().min(-32_768).max(32_767),
    /** One line may be long, but not a file: clients cut at 1 MB. */
    message: z.string().max(1_000_000),
    timestamp: Timestamp,
    flow_run_id: maybe(Uuid),
    task_run_id: maybe(Uuid),
    /** Lines of a worker about itself: they belong to no run, and are not kept. */
    worker_id: maybe(Uuid),
  })
  .transform(({ worker_id: _, ...line }) => line);
export type LogLineInput = z.output<typeof LogCreate>;

export const LogOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  level: z.int(),
  message: z.string(),
  timestamp: TimestampText,
  flow_run_id: z.uuid().nullable(),
  task_run_id: z.uuid().nullable(),
});
export type WireLog = z.output<typeof LogOut>;

/** A line as every answer of the wire shows it. Lines are never changed, so they are as old as their first appearance. */
export function logToWire(log: Log): WireLog {
  const { id, name, level, message, timestamp } = log;
  const at = text(timestamp) as string;
  return {
    id,
    created: at,
    updated: at,
    name,
    level,
    message,
    timestamp: at,
    flow_run_id: log.flowRunId,
    task_run_id: log.taskRunId,
  };
}

export const logs = {
  create: endpoint({
    method: "POST",
    path: "/logs/",
    scope: "run_flows",
    body: z.array(LogCreate).max(10_000),
    mendText: true,
    status: 201,
    summary: "Stores log lines; many in one call.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/logs/filter",
    scope: "see_flows",
    body: z.object({
      logs: maybe(LogFilter),
      sort: otherwise(z.enum(LOG_SORTS), "TIMESTAMP_ASC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(LogOut),
    summary: "Lists log lines.",
  }),
};
