/** What a run is handed while it lives, and what lets a paused one go on. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Orchestration } from "./flow-runs.ts";
import { ById, Fields, maybe, Name, otherwise, TimestampText } from "./wire.ts";

/** Longest value of an input, in characters. */
const LONGEST_VALUE = 1_000_000;
const ByKey = ById.extend({ key: Name });

export const RunInputOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  flow_run_id: z.uuid(),
  key: z.string(),
  value: z.string(),
  sender: z.string().nullable(),
});
export type WireRunInput = z.output<typeof RunInputOut>;

export const runInputs = {
  resume: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/resume",
    scope: "run_flows",
    params: ById,
    body: z.object({ run_input: maybe(Fields) }),
    optionalBody: true,
    status: [201, 200],
    result: Orchestration,
    summary: "Lets a paused run go on, with an answer where it asked for one.",
  }),
  create: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/input",
    scope: "run_flows",
    params: ById,
    body: z.object({ key: Name.min(1), value: z.string().max(LONGEST_VALUE), sender: maybe(Name) }),
    status: 201,
    summary: "Hands a run a text under a key.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/input/filter",
    scope: "see_flows",
    params: ById,
    body: z.object({
      prefix: Name,
      limit: otherwise(z.int().min(0).max(200), 1),
      exclude_keys: otherwise(z.array(Name).max(10_000), []),
    }),
    status: 200,
    result: z.array(RunInputOut),
    summary: "Lists what a run was handed under keys that begin alike, oldest first.",
  }),
  read: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/input/{key}",
    scope: "see_flows",
    params: ByKey,
    status: 200,
    result: z.unknown(),
    summary: "Reads what a run was handed under a key, as it was sent.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/flow_runs/{id}/input/{key}",
    scope: "run_flows",
    params: ByKey,
    status: 204,
    summary: "Takes back what a run was handed under a key.",
  }),
};
