/** Work pools: where runs wait for an agent. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { WorkPoolFilter } from "./filters.ts";
import { Fields, Limit, maybe, Name, Offset, PathName, TimestampText } from "./wire.ts";

export const WorkPoolOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  base_job_template: z.record(z.string(), z.unknown()),
  is_paused: z.boolean(),
  concurrency_limit: z.int().nullable(),
  status: z.enum(["READY", "NOT_READY", "PAUSED"]),
  default_queue_id: z.uuid(),
  storage_configuration: z.record(z.string(), z.unknown()),
  active_slots: z.int().nullable(),
});
export type WireWorkPool = z.output<typeof WorkPoolOut>;

export const AgentOut = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.string(),
  status: z.enum(["ONLINE", "OFFLINE"]),
  slots: z.int(),
  running: z.int(),
  connected: TimestampText,
  last_seen: TimestampText,
});
export type WireAgent = z.output<typeof AgentOut>;

const ByName = z.object({ name: Name });

export const workPools = {
  create: endpoint({
    method: "POST",
    path: "/work_pools/",
    scope: "write_work_pools",
    body: z.strictObject({
      name: PathName.refine((name) => !name.toLowerCase().startsWith("prefect"), {
        message: "Worker pools starting with 'Prefect' are reserved for internal use.",
      }),
      description: maybe(z.string().max(100_000)),
      type: Name.default("prefect-agent"),
      base_job_template: Fields.default({}),
      is_paused: z.boolean().default(false),
      concurrency_limit: maybe(z.int().min(0)),
    }),
    status: 201,
    result: WorkPoolOut,
    summary: "Creates a work pool with its default queue.",
  }),
  read: endpoint({
    method: "GET",
    path: "/work_pools/{name}",
    scope: "see_work_pools",
    params: ByName,
    status: 200,
    result: WorkPoolOut,
    summary: "Reads a work pool.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/work_pools/filter",
    scope: "see_work_pools",
    body: z.object({ work_pools: maybe(WorkPoolFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WorkPoolOut),
    summary: "Lists work pools.",
  }),
  agents: endpoint({
    method: "GET",
    path: "/work_pools/{name}/agents",
    scope: "see_workers",
    params: ByName,
    status: 200,
    result: z.array(AgentOut),
    summary: "The agents of a pool, connected or lately seen.",
  }),
};
