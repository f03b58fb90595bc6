/** A run's graph as the wire tells it, made where the task runs are: what leaves the object is text. */
import type { WireGraph } from "@millrace/contract/run-graphs.ts";
import { text } from "@millrace/contract/wire.ts";
import { type GraphNode, graphOf, type Subflow } from "@millrace/domain/task-run/graph.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { formatInstant, type Instant } from "@millrace/domain/time.ts";
import type { Head } from "./head.ts";

/** What the object does not know itself. */
export interface GraphQuery {
  /** By the ids of the task runs that stand for them. */
  subflows: readonly (readonly [string, Subflow])[];
  /** Each with the task run that it is of; null: the run itself. */
  artifacts: readonly { of: string | null; artifact: WireGraph["artifacts"][number] }[];
  since: Instant | null;
  mostNodes: number;
}

/** The graph; null where it has too many nodes. */
export function wireGraph(
  { run, states }: Pick<Head, "run" | "states">,
  taskRuns: readonly TaskRun[],
  query: GraphQuery,
): WireGraph | null {
  const nodes = graphOf(taskRuns, new Map(query.subflows), query.since);
  if (nodes.length > query.mostNodes) return null;
  const artifacts = Map.groupBy(query.artifacts, ({ of }) => of);
  const artifactsOf = (id: string | null): WireGraph["artifacts"] =>
    (artifacts.get(id) ?? []).map(({ artifact }) => artifact);
  return {
    start_time: text(run.startTime ?? run.expectedStartTime),
    end_time: text(run.endTime),
    root_node_ids: nodes.filter(({ parents }) => parents.length === 0).map(({ id }) => id),
    nodes: nodes.map((node) => [node.id, nodeToWire(node, artifactsOf(node.id))]),
    artifacts: artifactsOf(null),
    states: states.map(({ id, timestamp, type, name }) => ({ id, timestamp: formatInstant(timestamp), type, name })),
  };
}

const edge = (id: string): { id: string } => ({ id });

const nodeToWire = (node: GraphNode, artifacts: WireGraph["artifacts"]): WireGraph["nodes"][number][1] => ({
  kind: node.kind,
  id: node.id,
  label: node.label,
  state_type: node.stateType,
  start_time: formatInstant(node.startTime),
  end_time: text(node.endTime),
  parents: node.parents.map(edge),
  children: node.children.map(edge),
  encapsulating: node.encapsulating.map(edge),
  artifacts,
});
