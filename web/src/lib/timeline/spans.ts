/** From a run and its tasks to the timeline's spans. */
import { isTerminal } from "@millrace/domain/state.ts";
import type { RunRow } from "../run/run-row.ts";
import { lookOfState } from "../state/state-look.ts";
import type { TaskRow } from "../task/task-row.ts";
import { inOrder, type Span } from "./layout.ts";

export function spansOf(run: RunRow, tasks: readonly TaskRow[]): Span[] {
  return inOrder([
    span(run, "flow", null),
    ...tasks.map((task) => span(task, task.child ? "subflow" : "task", task.child)),
  ]);
}

function span(of: RunRow | TaskRow, kind: Span["kind"], child: string | null): Span {
  const over = of.state !== null && isTerminal(of.state.type);
  const end = over ? (of.ended ?? of.state!.at) : null;
  return {
    id: of.id,
    label: of.name,
    kind,
    look: lookOfState(of.state),
    waitFrom: of.expected,
    // What ended before it began (cancelled while it waited) is a mark at its end.
    from: of.started ?? end,
    to: end,
    attempts: of.attempts,
    child,
  };
}
