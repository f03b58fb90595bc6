/** What a run is made of, as a picture: its task runs and subflows, and what each waited for. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { StateOut, StateTypeName } from "./states.ts";
import { ById, Timestamp, TimestampText, Uuid } from "./wire.ts";

const Edge = z.object({ id: Uuid });

export const GraphArtifactOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  key: z.string().nullable(),
  type: z.string().nullable(),
  is_latest: z.boolean(),
  data: z.unknown(),
});

const NodeOut = z.object({
  kind: z.enum(["flow-run", "task-run"]),
  id: z.uuid(),
  label: z.string(),
  state_type: StateTypeName,
  start_time: TimestampText,
  end_time: TimestampText.nullable(),
  parents: z.array(Edge),
  children: z.array(Edge),
  encapsulating: z.array(Edge),
  artifacts: z.array(GraphArtifactOut),
});

const GraphOut = z.object({
  start_time: TimestampText.nullable(),
  end_time: TimestampText.nullable(),
  root_node_ids: z.array(z.uuid()),
  nodes: z.array(z.tuple([z.uuid(), NodeOut])),
  artifacts: z.array(GraphArtifactOut),
  states: z.array(z.object({ id: z.uuid(), timestamp: TimestampText, type: StateTypeName, name: z.string() })),
});
export type WireGraph = z.output<typeof GraphOut>;

const DependencyOut = z.object({
  id: z.uuid(),
  name: z.string(),
  upstream_dependencies: z.array(z.object({ input_type: z.literal("task_run"), id: z.uuid() })),
  state: StateOut.nullable(),
  expected_start_time: TimestampText.nullable(),
  start_time: TimestampText.nullable(),
  end_time: TimestampText.nullable(),
  total_run_time: z.number().nullable(),
  estimated_run_time: z.number().nullable(),
  untrackable_result: z.boolean(),
});

export const runGraphs = {
  dependencies: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/graph",
    scope: "see_flows",
    params: ById,
    missing: "exception_message",
    status: 200,
    result: z.array(DependencyOut),
    summary: "The task runs of a run, each with those that it waited for.",
  }),
  graph: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/graph-v2",
    scope: "see_flows",
    params: ById,
    missing: "exception_message",
    query: z.object({ since: Timestamp.optional() }),
    status: 200,
    result: GraphOut,
    summary: "The task runs and subflows of a run as nodes of a graph, with its states and artifacts.",
  }),
};
