/** A flow run begun inside another is seen there as a task run, which follows it from state to state. */
import type { FlowRun } from "../flow-run/run.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";

/** The state that the stand-in of `child` enters in the parent; null where the child has no parent, or no state. */
export function stateOfStandIn(child: FlowRun, { now, newId }: { now: Instant; newId: () => string }): State | null {
  if (child.parentTaskRunId === null || child.state === null) return null;
  return {
    ...child.state,
    id: newId(),
    timestamp: now,
    details: { ...child.state.details, childFlowRunId: child.id },
  };
}
