/** A flow run as the rules and the lists see it. Everything here is settled fact; estimates are made when it is read. */
import type { Json, JsonObject } from "../json.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";

/** What a run may do when it fails or pauses. */
export interface RunPolicy {
  /** Retries allowed after the first attempt. Null: none. */
  retries: number | null;
  /** Seconds before a retry. */
  retryDelay: number | null;
  /** Older spellings of the two above, which clients still read. */
  maxRetries: number;
  retryDelaySeconds: number;
  /** Keys of the pauses that this run has already gone through. */
  pauseKeys: string[];
  /** Set while a paused or suspended run goes back to RUNNING, so that it does not count as a new attempt. */
  resuming: boolean;
  retryType: "in_process" | "reschedule" | null;
}

export interface FlowRun {
  id: string;
  created: Instant;
  updated: Instant;
  name: string;
  flowId: string;
  deploymentId: string | null;
  deploymentVersion: string | null;
  /** The version that the deployment was when the run was made; null where it never was given one. */
  deploymentVersionId: string | null;
  workPoolId: string | null;
  workPoolName: string | null;
  workQueueId: string | null;
  workQueueName: string | null;
  flowVersion: string | null;
  parameters: JsonObject;
  idempotencyKey: string | null;
  context: JsonObject;
  policy: RunPolicy;
  tags: string[];
  labels: JsonObject;
  parentTaskRunId: string | null;
  /** Null only before the first state. */
  state: State | null;
  /** Attempts begun: RUNNING states, but for those that resume a pause. */
  runCount: number;
  expectedStartTime: Instant | null;
  nextScheduledStartTime: Instant | null;
  startTime: Instant | null;
  endTime: Instant | null;
  /** Seconds in RUNNING, without the time since the current RUNNING state began. */
  totalRunTime: number;
  autoScheduled: boolean;
  infrastructureDocumentId: string | null;
  infrastructurePid: string | null;
  createdBy: Json;
  jobVariables: JsonObject;
}
