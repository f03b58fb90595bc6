/** Artifacts: what a run leaves for people to look at. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { ArtifactCollectionFilter, ArtifactFilter, RunFilters } from "./filters.ts";
import {
  AnyJson,
  ById,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  recordOf,
  Timestamp,
  TimestampText,
  Uuid,
} from "./wire.ts";

export const ArtifactOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  key: z.string().nullable(),
  type: z.string().nullable(),
  description: z.string().nullable(),
  data: z.unknown(),
  metadata_: z.record(z.string(), z.string()).nullable(),
  flow_run_id: z.uuid().nullable(),
  task_run_id: z.uuid().nullable(),
});
export type WireArtifact = z.output<typeof ArtifactOut>;

export const ARTIFACT_SORTS = ["CREATED_DESC", "UPDATED_DESC", "ID_DESC", "KEY_DESC", "KEY_ASC"] as const;
export type ArtifactSort = (typeof ARTIFACT_SORTS)[number];

const Metadata = maybe(recordOf(z.string()));

const ListBody = RunFilters.omit({ work_pools: true, work_pool_queues: true }).extend({
  artifacts: maybe(ArtifactFilter),
  sort: otherwise(z.enum(ARTIFACT_SORTS), "ID_DESC"),
  limit: Limit,
  offset: Offset,
});
const CountBody = RunFilters.omit({ work_pools: true, work_pool_queues: true }).extend({
  artifacts: maybe(ArtifactFilter),
});

/** The artifacts of one key, shown as the newest of them. */
export const ArtifactCollectionOut = ArtifactOut.extend({ key: z.string(), latest_id: z.uuid() });
export type WireArtifactCollection = z.output<typeof ArtifactCollectionOut>;

const Collections = CountBody.omit({ artifacts: true }).extend({ artifacts: maybe(ArtifactCollectionFilter) });

const OfRun = z.object({
  /** How many generations of subflows below the run; all of them where it is left out. */
  depth: z.coerce.number().int().min(0).optional(),
  since: Timestamp.optional(),
  until: Timestamp.optional(),
  sort: z.enum(["asc", "desc"]).default("asc"),
});

export const artifacts = {
  create: endpoint({
    method: "POST",
    path: "/artifacts/",
    scope: "write_artifacts",
    body: z.strictObject({
      key: maybe(Name.regex(/^[a-z0-9-]+$/, "Artifact keys hold lowercase letters, digits and dashes only")),
      type: maybe(Name),
      description: maybe(z.string()),
      data: AnyJson.optional(),
      metadata_: Metadata,
      flow_run_id: maybe(Uuid),
      task_run_id: maybe(Uuid),
    }),
    status: 201,
    result: ArtifactOut,
    summary: "Creates an artifact.",
  }),
  read: endpoint({
    method: "GET",
    path: "/artifacts/{id}",
    scope: "see_artifacts",
    params: ById,
    status: 200,
    result: ArtifactOut,
    summary: "Reads an artifact.",
  }),
  latest: endpoint({
    method: "GET",
    path: "/artifacts/{key}/latest",
    scope: "see_artifacts",
    params: z.object({ key: Name }),
    status: 200,
    result: ArtifactOut,
    summary: "Reads the newest artifact of a key.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/artifacts/{id}",
    scope: "write_artifacts",
    params: ById,
    body: z.strictObject({
      data: AnyJson.optional(),
      description: z.string().nullish(),
      metadata_: Metadata.optional(),
    }),
    status: 204,
    summary: "Changes an artifact, such as a progress bar.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/artifacts/{id}",
    scope: "manage_artifacts",
    params: ById,
    status: 204,
    summary: "Deletes an artifact.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/artifacts/filter",
    scope: "see_artifacts",
    body: ListBody,
    optionalBody: true,
    status: 200,
    result: z.array(ArtifactOut),
    summary: "Lists artifacts.",
  }),
  count: endpoint({
    method: "POST",
    path: "/artifacts/count",
    scope: "see_artifacts",
    body: CountBody,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts artifacts.",
  }),
  latestFilter: endpoint({
    method: "POST",
    path: "/artifacts/latest/filter",
    scope: "see_artifacts",
    body: Collections.extend({ sort: otherwise(z.enum(ARTIFACT_SORTS), "ID_DESC"), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(ArtifactCollectionOut),
    summary: "Lists the newest artifact of each key.",
  }),
  latestCount: endpoint({
    method: "POST",
    path: "/artifacts/latest/count",
    scope: "see_artifacts",
    body: Collections,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts keys by their newest artifacts.",
  }),
  ofFlowRun: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/artifacts",
    scope: "see_flows",
    params: ById,
    query: OfRun,
    status: 200,
    result: z.array(ArtifactOut),
    summary: "The artifacts of a flow run and its subflows, in order of time.",
  }),
  ofTaskRun: endpoint({
    method: "GET",
    path: "/task_runs/{id}/artifacts",
    scope: "see_flows",
    params: ById,
    query: OfRun,
    status: 200,
    result: z.array(ArtifactOut),
    summary: "The artifacts of a task run, in order of time.",
  }),
};
