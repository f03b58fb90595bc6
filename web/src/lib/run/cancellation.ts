/** What became of a cancellation: a receipt for each task run and subflow below the run, and below those. */
import type { WireReceipt } from "@millrace/contract/cancellations.ts";
import { STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import { type Client, part, valueIn } from "../api.ts";
import { milliseconds } from "../time/tell.ts";

export interface CancelNode {
  kind: "flow-run" | "task-run";
  id: string;
  name: string;
  /** Milliseconds. */
  asked: number;
  /** Null: it has not answered, and is asked again. */
  answered: number | null;
  /** The state in which it answered; null with an answer: it was not there any more. */
  state: string | null;
  below: CancelNode[];
}

/** Levels and nodes that are followed: a tree beyond this is not read by people. */
const DEEPEST = 5;
const MOST_NODES = 500;

/** Reads the receipts below a run. */
export async function loadCancellation(api: Client, id: string): Promise<CancelNode[]> {
  let left = MOST_NODES;
  const below = async (run: string, depth: number): Promise<CancelNode[]> => {
    const receipts = (await api("GET /flow_runs/{id}/cancellation", { params: { id: run } })).slice(0, left);
    left -= receipts.length;
    if (receipts.length === 0) return [];
    const names = await namesOf(api, receipts);
    return Promise.all(
      receipts.map(async ({ kind, id: node, asked, answered, state_name }) => ({
        ...{ kind, id: node, name: names.get(node) ?? node },
        ...{ asked: milliseconds(asked) ?? 0, answered: milliseconds(answered), state: state_name },
        below: kind === "flow-run" && depth < DEEPEST ? valueIn(await part(below(node, depth + 1)), []) : [],
      })),
    );
  };
  return below(id, 1);
}

async function namesOf(api: Client, receipts: readonly WireReceipt[]): Promise<Map<string, string>> {
  const ids = (kind: WireReceipt["kind"]): string[] => receipts.filter((one) => one.kind === kind).map(({ id }) => id);
  const [runs, tasks] = [ids("flow-run"), ids("task-run")];
  const [ofRuns, ofTasks] = await Promise.all([
    runs.length
      ? part(api("POST /flow_runs/filter", { body: { flow_runs: { id: { any_: runs } }, limit: 200 } }))
      : null,
    tasks.length
      ? part(api("POST /task_runs/filter", { body: { task_runs: { id: { any_: tasks } }, limit: 200 } }))
      : null,
  ]);
  const named: { id: string; name: string }[] = [
    ...(ofRuns ? valueIn(ofRuns, []) : []),
    ...(ofTasks ? valueIn(ofTasks, []) : []),
  ];
  return new Map(named.map(({ id, name }) => [id, name]));
}

/** How many of the nodes have answered, and how many there are. */
export function countAnswers(nodes: readonly CancelNode[]): { answered: number; all: number } {
  return nodes.reduce(
    (sum, node) => {
      const below = countAnswers(node.below);
      const own = node.answered === null ? 0 : 1;
      return { answered: sum.answered + own + below.answered, all: sum.all + 1 + below.all };
    },
    { answered: 0, all: 0 },
  );
}

/** A receipt tells a state by its name alone; most names are those of their type. */
export const answerOf = (name: string): { type: StateType; name: string } => ({
  type: STATE_TYPES.find((type) => type === name.toUpperCase()) ?? "CANCELLED",
  name,
});
