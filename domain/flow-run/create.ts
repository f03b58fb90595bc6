/** How a flow run begins: the record that a create makes of what it was given, with its first state entered. */
import type { Json, JsonObject } from "../json.ts";
import { newState, type StateInput } from "../state.ts";
import type { Instant } from "../time.ts";
import { enter } from "./bookkeeping.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

/** What is known of a run before it exists. Everything that is left out has the wire's default. */
export interface NewFlowRun {
  flowId: string;
  /** Null or left out: PENDING. */
  state?: StateInput | null;
  /** Null, empty or left out: the name offered by the caller of `newFlowRun`. */
  name?: string | null;
  flowVersion?: string | null;
  deploymentId?: string | null;
  deploymentVersion?: string | null;
  deploymentVersionId?: string | null;
  workPoolId?: string | null;
  workPoolName?: string | null;
  workQueueId?: string | null;
  workQueueName?: string | null;
  parameters?: JsonObject;
  context?: JsonObject;
  policy?: Partial<RunPolicy>;
  tags?: string[];
  labels?: JsonObject | null;
  /** Labels of the flow, or of the deployment where there is one: the run's own win over them. */
  inheritedLabels?: JsonObject | null;
  idempotencyKey?: string | null;
  parentTaskRunId?: string | null;
  infrastructureDocumentId?: string | null;
  autoScheduled?: boolean;
  createdBy?: Json;
  jobVariables?: JsonObject | null;
}

/** The run as it is created. `name` is used where the input has none; `newId` makes the first state's id. */
export function newFlowRun(
  input: NewFlowRun,
  { id, name, now, newId }: { id: string; name: string; now: Instant; newId: () => string },
): FlowRun {
  const blank: FlowRun = {
    id,
    created: now,
    updated: now,
    name: input.name || name,
    flowId: input.flowId,
    deploymentId: input.deploymentId ?? null,
    deploymentVersion: input.deploymentVersion ?? null,
    deploymentVersionId: input.deploymentVersionId ?? null,
    workPoolId: input.workPoolId ?? null,
    workPoolName: input.workPoolName ?? null,
    workQueueId: input.workQueueId ?? null,
    workQueueName: input.workQueueName ?? null,
    flowVersion: input.flowVersion ?? null,
    parameters: input.parameters ?? {},
    idempotencyKey: input.idempotencyKey ?? null,
    context: input.context ?? {},
    policy: runPolicy(input.policy),
    tags: input.tags ?? [],
    labels: labels(input),
    parentTaskRunId: input.parentTaskRunId ?? null,
    state: null,
    runCount: 0,
    expectedStartTime: null,
    nextScheduledStartTime: null,
    startTime: null,
    endTime: null,
    totalRunTime: 0,
    autoScheduled: input.autoScheduled ?? false,
    infrastructureDocumentId: input.infrastructureDocumentId ?? null,
    infrastructurePid: null,
    createdBy: input.createdBy ?? null,
    jobVariables: input.jobVariables ?? {},
  };
  return enter(blank, newState(input.state ?? { type: "PENDING" }, { id: newId(), now }), now);
}

/** A policy with every field said. The older spellings of retries count where the newer ones say nothing. */
export function runPolicy(input: Partial<RunPolicy> = {}): RunPolicy {
  const maxRetries = input.maxRetries ?? 0;
  const retryDelaySeconds = input.retryDelaySeconds ?? 0;
  return {
    retries: input.retries || maxRetries || (input.retries ?? null),
    retryDelay: input.retryDelay || retryDelaySeconds || (input.retryDelay ?? null),
    maxRetries,
    retryDelaySeconds,
    pauseKeys: [...new Set(input.pauseKeys ?? [])],
    resuming: input.resuming ?? false,
    retryType: input.retryType ?? null,
  };
}

function labels(input: NewFlowRun): JsonObject {
  const own: JsonObject = { "prefect.flow.id": input.flowId };
  if (input.deploymentId) own["prefect.deployment.id"] = input.deploymentId;
  return { ...input.inheritedLabels, ...own, ...input.labels };
}
