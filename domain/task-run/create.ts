/** How a task run begins that is made over the API: a background task, or the stand-in for a subflow in its parent. */
import type { Json, JsonObject } from "../json.ts";
import { newState, type StateInput } from "../state.ts";
import type { Instant } from "../time.ts";
import { decideTaskRun } from "./decide.ts";
import { policyForTaskRun } from "./policy.ts";
import { type Facts, NO_FACTS } from "./rule.ts";
import type { TaskRun, TaskRunPolicy } from "./run.ts";

/** What is known of a task run before it exists. Everything that is left out has the wire's default. */
export interface NewTaskRun {
  taskKey: string;
  dynamicKey: string;
  /** Null or left out: PENDING. */
  state?: StateInput | null;
  name?: string | null;
  flowRunId?: string | null;
  cacheKey?: string | null;
  cacheExpiration?: Instant | null;
  taskVersion?: string | null;
  policy?: Partial<TaskRunPolicy>;
  tags?: string[];
  labels?: JsonObject | null;
  /** Labels of the flow run it belongs to: its own win over them. */
  inheritedLabels?: JsonObject | null;
  taskInputs?: { [parameter: string]: Json[] };
}

interface Birth {
  id: string;
  /** Used where the input has none. */
  name: string;
  now: Instant;
  /** Makes the first state's id. */
  newId: () => string;
  /** The flow run it belongs to, as it stands. */
  flowRun?: Facts["flowRun"];
}

/** The task run as it is created: its first state is judged as a forced one. */
export function newTaskRun(input: NewTaskRun, { id, name, now, newId, flowRun = null }: Birth): TaskRun {
  const flowRunId = input.flowRunId ?? null;
  const own: JsonObject = flowRunId === null ? {} : { "prefect.flow-run.id": flowRunId };
  const blank: TaskRun = {
    ...blankTaskRun({
      id,
      flowRunId,
      taskKey: input.taskKey,
      dynamicKey: input.dynamicKey,
      name: input.name || name,
      now,
    }),
    cacheKey: input.cacheKey ?? null,
    cacheExpiration: input.cacheExpiration ?? null,
    taskVersion: input.taskVersion ?? null,
    policy: taskRunPolicy(input.policy),
    tags: input.tags ?? [],
    labels: { ...input.inheritedLabels, ...own, ...input.labels },
    taskInputs: input.taskInputs ?? {},
  };
  const to = newState(input.state ?? { type: "PENDING" }, { id: newId(), now });
  const transition = { run: blank, to, now, newId, facts: { ...NO_FACTS, flowRun } };
  const verdict = decideTaskRun(policyForTaskRun(to, { force: true }), transition);
  return verdict.kind === "accept" || verdict.kind === "reject" ? verdict.run : blank;
}

type Identity = Pick<TaskRun, "id" | "flowRunId" | "taskKey" | "dynamicKey" | "name"> & { now: Instant };

/** A task run of which nothing but its identity is known. */
export const blankTaskRun = ({ now, ...identity }: Identity): TaskRun => ({
  ...identity,
  created: now,
  updated: now,
  cacheKey: null,
  cacheExpiration: null,
  taskVersion: null,
  policy: taskRunPolicy(),
  tags: [],
  labels: {},
  taskInputs: {},
  state: null,
  runCount: 0,
  flowRunRunCount: 0,
  expectedStartTime: null,
  nextScheduledStartTime: null,
  startTime: null,
  endTime: null,
  totalRunTime: 0,
});

/** A policy with every field said. The older spellings of retries count where the newer ones say nothing. */
export function taskRunPolicy(input: Partial<TaskRunPolicy> = {}): TaskRunPolicy {
  const maxRetries = input.maxRetries ?? 0;
  const retryDelaySeconds = input.retryDelaySeconds ?? 0;
  const unsaid = (delay: TaskRunPolicy["retryDelay"] | undefined): boolean =>
    !delay || (Array.isArray(delay) && delay.length === 0);
  return {
    retries: input.retries || maxRetries || (input.retries ?? null),
    retryDelay: unsaid(input.retryDelay) ? retryDelaySeconds || (input.retryDelay ?? null) : (input.retryDelay ?? null),
    maxRetries,
    retryDelaySeconds,
    retryJitterFactor: input.retryJitterFactor ?? null,
  };
}
