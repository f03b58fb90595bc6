/** A task run as the timeline and the lists see it. */
import type { Json, JsonObject } from "../json.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";

export interface TaskRunPolicy {
  maxRetries: number;
  retryDelaySeconds: number;
  retries: number | null;
  /** Seconds before each retry; a list gives one for each. */
  retryDelay: number | number[] | null;
  retryJitterFactor: number | null;
}

export interface TaskRun {
  id: string;
  created: Instant;
  updated: Instant;
  name: string;
  /** Null: a background task, which belongs to no flow run. */
  flowRunId: string | null;
  taskKey: string;
  /** Tells two calls of one task in one flow run apart. */
  dynamicKey: string;
  cacheKey: string | null;
  cacheExpiration: Instant | null;
  taskVersion: string | null;
  policy: TaskRunPolicy;
  tags: string[];
  labels: JsonObject;
  /** Per parameter, where its value came from: other task runs, parameters, constants. Kept as it came. */
  taskInputs: { [parameter: string]: Json[] };
  state: State | null;
  runCount: number;
  /** The attempt of the flow run in which this task run began. */
  flowRunRunCount: number;
  expectedStartTime: Instant | null;
  nextScheduledStartTime: Instant | null;
  startTime: Instant | null;
  endTime: Instant | null;
  totalRunTime: number;
}
