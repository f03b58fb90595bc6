/**
 * Runs and states as they are kept: without what goes without saying.
 *
 * Most fields of most runs are null, empty or zero. Left out, a run takes a third of the room: its row stays within one page of its
 * object's database, and a list of two hundred carries a third of the bytes. What users gave (parameters, labels, data) is never
 * looked into.
 */
import type { State } from "../state.ts";
import {
  differing,
  restoredState as keptState,
  type StoredState,
  storedState as stateToKeep,
} from "../stored-state.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

export type { StoredState } from "../stored-state.ts";

/** A run as it is kept. */
export type StoredRun = Pick<FlowRun, "id" | "created" | "updated" | "name" | "flowId"> &
  Partial<Omit<FlowRun, "state" | "policy">> & { state?: StoredState; policy?: Partial<RunPolicy> };

const NO_POLICY: Readonly<RunPolicy> = {
  retries: null,
  retryDelay: null,
  maxRetries: 0,
  retryDelaySeconds: 0,
  pauseKeys: [],
  resuming: false,
  retryType: null,
};

const UNSAID: Readonly<Omit<FlowRun, "id" | "created" | "updated" | "name" | "flowId" | "policy" | "state">> = {
  deploymentId: null,
  deploymentVersion: null,
  deploymentVersionId: null,
  workPoolId: null,
  workPoolName: null,
  workQueueId: null,
  workQueueName: null,
  flowVersion: null,
  parameters: {},
  idempotencyKey: null,
  context: {},
  tags: [],
  labels: {},
  parentTaskRunId: null,
  runCount: 0,
  expectedStartTime: null,
  nextScheduledStartTime: null,
  startTime: null,
  endTime: null,
  totalRunTime: 0,
  autoScheduled: false,
  infrastructureDocumentId: null,
  infrastructurePid: null,
  createdBy: null,
  jobVariables: {},
};

/** What is kept of a state of the run `runId`. */
export const storedState = (state: State, runId: string): StoredState => stateToKeep(state, { flowRunId: runId });

/** The state that was kept of the run `runId`. */
export const restoredState = (stored: StoredState, runId: string): State => keptState(stored, { flowRunId: runId });

/** What is kept of a run. */
export function storedRun(run: FlowRun): StoredRun {
  const { id, created, updated, name, flowId, policy, state, ...rest } = run;
  const stored: StoredRun = { id, created, updated, name, flowId, ...differing(rest, UNSAID) };
  const said = differing(policy, NO_POLICY);
  if (said) stored.policy = said;
  if (state) stored.state = storedState(state, id);
  return stored;
}

/** The run that was kept. */
export const restoredRun = ({ policy, state, ...rest }: StoredRun): FlowRun => ({
  ...UNSAID,
  ...rest,
  policy: { ...NO_POLICY, ...policy },
  state: state ? restoredState(state, rest.id) : null,
});
