/**
 * A run's task runs and subflows as the nodes of a graph.
 *
 * [TR61] A task run that stands for a subflow is shown as that subflow. Nodes are in order of their beginning; of two that are tied by
 *        an input, each knows the other, also where one of them is not shown because it ended before the time that is asked for.
 * [TR62] Inputs of the name `__parents__` say within which task runs one was called: those are no ties of order.
 */
import { isObject, type Json } from "../json.ts";
import type { StateType } from "../state.ts";
import type { Instant } from "../time.ts";
import type { TaskRun } from "./run.ts";

/** A subflow as its own record has it. */
export interface Subflow {
  id: string;
  flowName: string;
  name: string;
  stateType: StateType | null;
  startTime: Instant | null;
  expectedStartTime: Instant | null;
  endTime: Instant | null;
}

export interface GraphNode {
  kind: "flow-run" | "task-run";
  id: string;
  label: string;
  stateType: StateType;
  startTime: Instant;
  endTime: Instant | null;
  parents: string[];
  children: string[];
  encapsulating: string[];
}

const WITHIN = "__parents__";

/** The nodes that had not ended at `since`. `subflows` by the ids of the task runs that stand for them. */
export function graphOf(
  taskRuns: readonly TaskRun[],
  subflows: ReadonlyMap<string, Subflow>,
  since: Instant | null,
): GraphNode[] {
  const nodes = new Map<string, GraphNode>();
  for (const taskRun of taskRuns) {
    const node = nodeOf(taskRun, subflows.get(taskRun.id));
    if (node) nodes.set(node.id, node);
  }
  const inOrder = [...nodes.values()].sort(byTime);
  const place = new Map(inOrder.map((node, at) => [node.id, at]));
  for (const taskRun of taskRuns) {
    const node = nodes.get(subflows.get(taskRun.id)?.id ?? taskRun.id);
    if (!node) continue;
    for (const [parameter, sources] of Object.entries(taskRun.taskInputs)) {
      const ids = idsOf(sources).filter((id) => nodes.has(id));
      (parameter === WITHIN ? node.encapsulating : node.parents).push(...ids);
    }
    node.encapsulating = [...new Set(node.encapsulating)];
    node.parents = [...new Set(node.parents)].sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  }
  for (const node of inOrder) for (const parent of node.parents) nodes.get(parent)?.children.push(node.id);
  return since === null ? inOrder : inOrder.filter(({ endTime }) => endTime === null || endTime >= since);
}

/** The task runs from which a task run's inputs came, each once. */
export const upstreamOf = ({ taskInputs }: TaskRun): string[] => [
  ...new Set(Object.values(taskInputs).flatMap((sources) => idsOf(sources, "task_run"))),
];

function nodeOf(taskRun: TaskRun, subflow: Subflow | undefined): GraphNode | null {
  const { state, expectedStartTime } = taskRun;
  // The stand-in follows its subflow from state to state, while what lists know of that may be a second old.
  const stateType = state?.type ?? subflow?.stateType ?? null;
  const startTime = subflow?.startTime ?? taskRun.startTime ?? subflow?.expectedStartTime ?? expectedStartTime;
  if (stateType === null || startTime === null) return null;
  const ended = state?.type === "COMPLETED" ? expectedStartTime : null;
  return {
    kind: subflow ? "flow-run" : "task-run",
    id: subflow?.id ?? taskRun.id,
    label: subflow ? `${subflow.flowName} / ${subflow.name}` : taskRun.name,
    stateType,
    startTime,
    endTime: subflow?.endTime ?? taskRun.endTime ?? ended,
    parents: [],
    children: [],
    encapsulating: [],
  };
}

function idsOf(sources: readonly Json[], kind?: string): string[] {
  const ids: string[] = [];
  for (const source of sources)
    if (isObject(source) && typeof source.id === "string" && (!kind || (source.input_type ?? kind) === kind))
      ids.push(source.id);
  return ids;
}

/** Those that have not ended come first among those of one beginning, as SQL sorts what is missing. */
const byTime = (a: GraphNode, b: GraphNode): number =>
  a.startTime - b.startTime || (a.endTime ?? 0) - (b.endTime ?? 0) || (a.id < b.id ? -1 : 1);
