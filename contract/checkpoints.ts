/** Checkpoints of a run, and running it again from one of its tasks: beyond Prefect's wire. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { FlowRunOut } from "./flow-runs.ts";
import { AnyJson, ById, Fields, maybe, Name, TimestampText } from "./wire.ts";

const Key = z.string().min(1).max(1000);
const ByKey = ById.extend({ key: Key });

const CheckpointOut = z.object({
  key: z.string(),
  version: z.int(),
  /** Bytes of the value's JSON. */
  size: z.int(),
  created: TimestampText,
  updated: TimestampText,
});

/** A number in a query. */
const count = (least: number, most: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "Input should be a whole number")
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .default(otherwise);

export const checkpoints = {
  write: endpoint({
    method: "PUT",
    path: "/flow_runs/{id}/checkpoints/{key}",
    scope: "run_flows",
    params: ByKey,
    body: z.strictObject({ value: AnyJson, version: maybe(z.int().min(0)) }),
    status: 200,
    result: CheckpointOut,
    summary: "Keeps a value of a run; with a version, only over that one, 0 standing for none.",
  }),
  read: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/checkpoints/{key}",
    scope: "see_flows",
    params: ByKey,
    status: 200,
    result: CheckpointOut.extend({ value: z.unknown() }),
    summary: "Reads a value that a run keeps.",
  }),
  list: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/checkpoints/",
    scope: "see_flows",
    params: ById,
    query: z.object({ prefix: Key.or(z.literal("")).default(""), after: Name.default(""), limit: count(1, 1000, 200) }),
    status: 200,
    /** `value` is there unless it is so large that it has to be read by itself. */
    result: z.array(CheckpointOut.extend({ value: z.unknown(), large: z.boolean() })),
    summary: "Lists the values that a run keeps, in order of their keys.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/flow_runs/{id}/checkpoints/{key}",
    scope: "run_flows",
    params: ByKey,
    status: 204,
    summary: "Forgets a value that a run keeps.",
  }),
  rerun: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/rerun",
    scope: "run_flows",
    params: ById,
    body: z.strictObject({
      parameters: maybe(Fields),
      name: maybe(Name),
      /** The key of a task, or the name or id of a task run. */
      from_task: maybe(Name),
    }),
    optionalBody: true,
    status: 201,
    result: FlowRunOut,
    summary: "Runs a run of a deployment once more, as a run of its own: whole, or from a task on.",
  }),
};
