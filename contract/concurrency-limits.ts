/**
 * Concurrency limits: how much may go on at once. A limit of a tag is a limit called `tag:` and the tag, under addresses and in a
 * shape of its own.
 */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Limit, maybe, Name, Offset, otherwise, PathName, TimestampText, Uuid } from "./wire.ts";

/** Slots and limits are counted in whole numbers that a double holds exactly. */
const Count = z.int().min(0);
const Slots = z.int().min(1);
const Decay = z.number().min(0);
/** Seconds of a lease. */
const Duration = z.number().min(60).max(86_400).default(300);
const Names = z.array(Name).max(1000);
/** What older clients still say; limits have to be made before slots are taken of them. */
const Deprecated = maybe(z.boolean());

const limitFields = {
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  active: z.boolean(),
  name: z.string(),
  limit: z.int(),
  active_slots: z.int(),
  slot_decay_per_second: z.number(),
};
export const GlobalLimitOut = z.object(limitFields);
export type WireGlobalLimit = z.output<typeof GlobalLimitOut>;

const CreatedLimitOut = z.object({ ...limitFields, denied_slots: z.int(), avg_slot_occupancy_seconds: z.number() });
const MinimalLimitOut = z.object({ id: z.uuid(), name: z.string(), limit: z.int() });
export type WireMinimalLimit = z.output<typeof MinimalLimitOut>;

export const TagLimitOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  tag: z.string(),
  concurrency_limit: z.int(),
  active_slots: z.array(z.uuid()),
});
export type WireTagLimit = z.output<typeof TagLimitOut>;

const Holder = z.strictObject({ type: z.enum(["flow_run", "task_run", "deployment"]), id: Uuid });

export const OccupationOut = z.object({
  active_slots: z.int(),
  holders: z.array(
    z.object({
      lease_id: z.uuid(),
      slots: z.int(),
      holder: Holder.nullable(),
      since: TimestampText,
      until: TimestampText.nullable(),
    }),
  ),
  waiting: z.array(z.object({ holder: Holder.nullable(), slots: z.int(), since: TimestampText })),
});
export type WireOccupation = z.output<typeof OccupationOut>;

const ByIdOrName = z.object({ id_or_name: Name });
const Page = z.object({ limit: Limit, offset: Offset });

export const globalLimits = {
  create: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/",
    scope: "manage_concurrency_limits",
    body: z.strictObject({
      active: z.boolean().default(true),
      name: PathName,
      limit: Count,
      active_slots: Count.default(0),
      denied_slots: Count.default(0),
      slot_decay_per_second: Decay.default(0),
    }),
    status: 201,
    result: CreatedLimitOut,
    summary: "Creates a limit.",
  }),
  read: endpoint({
    method: "GET",
    path: "/v2/concurrency_limits/{id_or_name}",
    scope: "see_concurrency_limits",
    params: ByIdOrName,
    status: 200,
    result: GlobalLimitOut,
    summary: "Reads a limit by its id or its name.",
  }),
  holders: endpoint({
    method: "GET",
    path: "/v2/concurrency_limits/{id_or_name}/holders",
    scope: "see_concurrency_limits",
    params: ByIdOrName,
    status: 200,
    result: OccupationOut,
    summary: "Who has slots of a limit, since when and until when, and who waits, in order of arrival.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/v2/concurrency_limits/{id_or_name}",
    scope: "manage_concurrency_limits",
    params: ByIdOrName,
    body: z.strictObject({
      active: maybe(z.boolean()),
      name: maybe(PathName),
      limit: maybe(Count),
      active_slots: maybe(Count),
      denied_slots: maybe(Count),
      slot_decay_per_second: maybe(Decay),
    }),
    status: 204,
    summary: "Changes a limit; `active_slots` frees slots, or takes them, by hand.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/v2/concurrency_limits/{id_or_name}",
    scope: "manage_concurrency_limits",
    params: ByIdOrName,
    status: 204,
    summary: "Deletes a limit, and forgets who held its slots.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/filter",
    scope: "see_concurrency_limits",
    body: Page,
    optionalBody: true,
    status: 200,
    result: z.array(GlobalLimitOut),
    summary: "Lists limits in order of name.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/paginate",
    scope: "see_concurrency_limits",
    body: z.object({ limit: Limit, page: otherwise(z.int().min(1), 1) }),
    optionalBody: true,
    status: 200,
    result: z.object({
      results: z.array(GlobalLimitOut),
      count: z.int(),
      limit: z.int(),
      pages: z.int(),
      page: z.int(),
    }),
    summary: "Lists limits by pages.",
  }),
  increment: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/increment",
    scope: "manage_concurrency_limits",
    body: z.object({
      slots: Slots,
      names: Names.min(1),
      mode: z.enum(["concurrency", "rate_limit"]).default("concurrency"),
      create_if_missing: Deprecated,
    }),
    status: 200,
    result: z.array(MinimalLimitOut),
    summary: "Takes slots until they decay or are given back; 423 with Retry-After where there are none.",
  }),
  incrementWithLease: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/increment-with-lease",
    scope: "manage_concurrency_limits",
    body: z.object({
      slots: Slots,
      names: Names.min(1),
      mode: z.enum(["concurrency", "rate_limit"]).default("concurrency"),
      lease_duration: Duration,
      holder: maybe(Holder),
    }),
    status: 200,
    result: z.object({ lease_id: z.uuid(), limits: z.array(MinimalLimitOut) }),
    summary: "Takes slots under a lease; names without a limit take none. 423 with Retry-After where there are none.",
  }),
  renew: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/leases/{lease_id}/renew",
    scope: "manage_concurrency_limits",
    params: z.object({ lease_id: Uuid }),
    body: z.object({ lease_duration: Duration }),
    optionalBody: true,
    status: 204,
    summary: "Holds the slots of a lease for longer; 410 where it has ended.",
  }),
  decrement: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/decrement",
    scope: "manage_concurrency_limits",
    body: z.object({
      slots: Slots,
      names: Names.min(1),
      occupancy_seconds: maybe(z.number().gt(0)),
      create_if_missing: Deprecated,
    }),
    status: 200,
    result: z.array(MinimalLimitOut),
    summary: "Gives back slots that were taken without a lease, as many of them as there are.",
  }),
  decrementWithLease: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/decrement-with-lease",
    scope: "manage_concurrency_limits",
    body: z.object({ lease_id: Uuid }),
    status: 204,
    summary: "Gives back the slots of a lease; nothing happens where it has ended.",
  }),
};

const ByTag = z.object({ tag: Name });
const TakenByTask = z.object({ names: Names, task_run_id: Uuid });

export const tagLimits = {
  create: endpoint({
    method: "POST",
    path: "/concurrency_limits/",
    scope: "manage_concurrency_limits",
    body: z.strictObject({ tag: PathName, concurrency_limit: Count }),
    status: [201, 200],
    result: TagLimitOut,
    summary: "Limits the task runs of a tag; sets the limit anew where there is one (200).",
  }),
  readByTag: endpoint({
    method: "GET",
    path: "/concurrency_limits/tag/{tag}",
    scope: "see_concurrency_limits",
    params: ByTag,
    status: 200,
    result: TagLimitOut,
    summary: "Reads the limit of a tag.",
  }),
  read: endpoint({
    method: "GET",
    path: "/concurrency_limits/{id}",
    scope: "see_concurrency_limits",
    params: z.object({ id: Uuid }),
    status: 200,
    result: TagLimitOut,
    summary: "Reads the limit of a tag by its id.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/concurrency_limits/filter",
    scope: "see_concurrency_limits",
    body: Page,
    optionalBody: true,
    status: 200,
    result: z.array(TagLimitOut),
    summary: "Lists limits of tags in order of tag.",
  }),
  reset: endpoint({
    method: "POST",
    path: "/concurrency_limits/tag/{tag}/reset",
    scope: "manage_concurrency_limits",
    params: ByTag,
    body: z.object({ slot_override: otherwise(z.array(Uuid).max(10_000), []) }),
    optionalBody: true,
    status: 200,
    result: z.null(),
    summary: "Takes all slots of a tag away, and gives one to each task run that is named.",
  }),
  removeByTag: endpoint({
    method: "DELETE",
    path: "/concurrency_limits/tag/{tag}",
    scope: "manage_concurrency_limits",
    params: ByTag,
    status: 200,
    result: z.null(),
    summary: "Deletes the limit of a tag.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/concurrency_limits/{id}",
    scope: "manage_concurrency_limits",
    params: z.object({ id: Uuid }),
    status: 200,
    result: z.null(),
    summary: "Deletes the limit of a tag by its id.",
  }),
  increment: endpoint({
    method: "POST",
    path: "/concurrency_limits/increment",
    scope: "run_flows",
    body: TakenByTask,
    status: 200,
    result: z.array(MinimalLimitOut),
    summary: "Takes a slot of each of these tags for a task run, which keeps it until it is given back.",
  }),
  decrement: endpoint({
    method: "POST",
    path: "/concurrency_limits/decrement",
    scope: "run_flows",
    body: TakenByTask,
    status: 200,
    result: z.array(MinimalLimitOut),
    summary: "Gives back the slots that a task run has of these tags.",
  }),
};
