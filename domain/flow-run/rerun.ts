/**
 * A run once more, as a run of its own.
 *
 * [FR83] It has the parameters of the first unless others are given, and its tags, policy and place; it knows of which run it is the
 *        repetition. Only a run of a deployment is run again: nobody else would take it.
 * [FR84] From a task on, it begins with what the first run had kept before that task began.
 */
import type { JsonObject } from "../json.ts";
import type { Problem } from "../problem.ts";
import type { TaskRun } from "../task-run/run.ts";
import type { Instant } from "../time.ts";
import type { NewFlowRun } from "./create.ts";
import type { FlowRun } from "./run.ts";

/** The label that names the run of which one is the repetition. */
export const RERUN_OF = "millrace.rerun-of";

export interface RerunWishes {
  parameters: JsonObject | null;
  name: string | null;
}

/** What the repetition is created from. */
export function rerunOf(run: FlowRun, { parameters, name }: RerunWishes): NewFlowRun | Problem {
  if (run.deploymentId === null) {
    return {
      code: "conflict",
      what: "flow run",
      is: "of no deployment",
      must: "Run its program again, or deploy its flow.",
    };
  }
  const { policy, labels } = run;
  return {
    flowId: run.flowId,
    state: { type: "SCHEDULED" },
    name,
    flowVersion: run.flowVersion,
    deploymentId: run.deploymentId,
    deploymentVersion: run.deploymentVersion,
    deploymentVersionId: run.deploymentVersionId,
    workPoolId: run.workPoolId,
    workPoolName: run.workPoolName,
    workQueueId: run.workQueueId,
    workQueueName: run.workQueueName,
    parameters: parameters ?? run.parameters,
    context: run.context,
    policy: { retries: policy.retries, retryDelay: policy.retryDelay },
    tags: run.tags,
    labels: { ...labels, [RERUN_OF]: run.id },
    infrastructureDocumentId: run.infrastructureDocumentId,
    jobVariables: run.jobVariables,
  };
}

/** When the task began that is called so: by the id or name of a task run, or by the key of its task; null where there is none. */
export function beginningOf(taskRuns: readonly TaskRun[], called: string): Instant | null {
  const meant = taskRuns.filter(({ id, name, taskKey }) => id === called || name === called || taskKey === called);
  const times = meant.flatMap(({ startTime, expectedStartTime }) => startTime ?? expectedStartTime ?? []);
  return times.length === 0 ? null : (Math.min(...times) as Instant);
}
