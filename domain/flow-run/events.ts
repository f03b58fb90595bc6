/**
 * The event that the server tells of a transition, in the shape of the wire. Its id is the state's, so that telling it
 * twice is telling it once.
 */
import type { JsonObject } from "../json.ts";
import type { State } from "../state.ts";
import { formatInstant, SECOND } from "../time.ts";
import type { FlowRun } from "./run.ts";

/** What is related to the run, as far as it exists. */
export interface RelatedToRun {
  flow?: { id: string; name: string; tags?: string[] } | null;
  deployment?: { id: string; name: string; tags?: string[] } | null;
  workQueue?: { id: string; name: string } | null;
  workPool?: { id: string; name: string; type: string } | null;
  /** The task run of the parent flow that stands for this run. */
  parentTaskRun?: { id: string; name: string; tags?: string[] } | null;
}

/** Longer messages are cut in events: a message may hold a traceback or a whole result. */
const LONGEST_MESSAGE = 100_000;
/** States nearer to each other than this are chained by `follows`; farther apart their times tell the order. */
const TIGHT = 300 * SECOND;

/** How many attempts had begun when the state at `place` was entered, of a run that went through `states` and has begun `runCount` by now. */
export function runCountAt(runCount: number, states: readonly State[], place: number): number {
  const later = states.filter((state, at) => {
    if (at <= place || state.type !== "RUNNING") return false;
    const before = states.slice(0, at).findLast(({ type }) => type !== "PENDING");
    return before?.type !== "PAUSED" && before?.name !== "Resuming";
  });
  return Math.max(0, runCount - later.length);
}

/** The event of `run` having entered its current state from `from`. */
export function flowRunStateEvent(run: FlowRun, from: State | null, related: RelatedToRun): JsonObject {
  const to = run.state;
  if (to === null) throw new TypeError("A run without a state has no state event.");
  return {
    occurred: formatInstant(to.timestamp),
    event: `prefect.flow-run.${to.name}`,
    resource: {
      "prefect.resource.id": `prefect.flow-run.${run.id}`,
      "prefect.resource.name": run.name,
      "prefect.run-count": String(run.runCount),
      "prefect.state-message": cut(to.message ?? ""),
      "prefect.state-name": to.name,
      "prefect.state-timestamp": formatInstant(to.timestamp).replace("Z", "+00:00"),
      "prefect.state-type": to.type,
    },
    related: relatedResources(run, related),
    payload: {
      intended: { from: from?.type ?? null, to: to.type },
      initial_state: from && statePayload(from),
      validated_state: statePayload(to),
    },
    id: to.id,
    follows: from !== null && Math.abs(to.timestamp - from.timestamp) < TIGHT ? from.id : null,
  };
}

function relatedResources(run: FlowRun, related: RelatedToRun): JsonObject[] {
  const resources: JsonObject[] = [];
  const add = (kind: string, what: { id: string; name: string } | null | undefined, more: JsonObject = {}): void => {
    if (!what) return;
    resources.push({
      "prefect.resource.id": `prefect.${kind}.${what.id}`,
      "prefect.resource.role": kind,
      "prefect.resource.name": what.name,
      ...more,
    });
  };
  add("flow", related.flow);
  add("deployment", related.deployment);
  add("work-queue", related.workQueue);
  add("work-pool", related.workPool, { "prefect.work-pool.type": related.workPool?.type ?? null });
  add("task-run", related.parentTaskRun);
  const tagged = [run, related.flow, related.deployment, related.parentTaskRun];
  for (const tag of [...new Set(tagged.flatMap((one) => one?.tags ?? []))].sort()) {
    resources.push({ "prefect.resource.id": `prefect.tag.${tag}`, "prefect.resource.role": "tag" });
  }
  return [...resources, ...creator(run)];
}

function creator({ createdBy }: FlowRun): JsonObject[] {
  if (createdBy === null || typeof createdBy !== "object" || Array.isArray(createdBy)) return [];
  if (createdBy.type !== "DEPLOYMENT" && createdBy.type !== "AUTOMATION") return [];
  const resource: JsonObject = {
    "prefect.resource.id": `prefect.${createdBy.type.toLowerCase()}.${createdBy.id}`,
    "prefect.resource.role": "creator",
  };
  if (createdBy.display_value) resource["prefect.resource.name"] = createdBy.display_value;
  return [resource];
}

function statePayload(state: State): JsonObject {
  const payload: JsonObject = { type: state.type, name: state.name };
  if (state.message) payload.message = cut(state.message);
  if (state.type === "PAUSED") payload.pause_reschedule = String(state.details.pauseReschedule);
  return payload;
}

/** Leaves out the middle of what is too long: tracebacks say most at their ends. */
function cut(text: string): string {
  if (text.length <= LONGEST_MESSAGE) return text;
  const half = LONGEST_MESSAGE / 2;
  return `${text.slice(0, half)} … ${text.length - LONGEST_MESSAGE} characters left out … ${text.slice(-half)}`;
}
