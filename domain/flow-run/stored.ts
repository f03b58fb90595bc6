/**
 * Runs and states as they are kept: without what goes without saying.
 *
 * Most fields of most runs are null, empty or zero. Left out, a run takes a third of the room: its row stays within one page of its
 * object's database, and a list of two hundred carries a third of the bytes. What users gave (parameters, labels, data) is never
 * looked into.
 */
import { defaultName, NO_DETAILS, type State, type StateDetails } from "../state.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

/** A state as it is kept, for the run that it belongs to. */
export type StoredState = Pick<State, "id" | "type" | "timestamp"> &
  Partial<Pick<State, "name" | "message" | "data">> & { details?: Partial<StateDetails> };

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
export function storedState(state: State, runId: string): StoredState {
  const { id, type, timestamp, name, message, data } = state;
  const stored: StoredState = { id, type, timestamp };
  if (name !== defaultName(type)) stored.name = name;
  if (message !== null) stored.message = message;
  if (data !== null) stored.data = data;
  const details = differing(state.details, { ...NO_DETAILS, flowRunId: runId });
  if (details) stored.details = details;
  return stored;
}

/** The state that was kept of the run `runId`. */
export const restoredState = (stored: StoredState, runId: string): State => ({
  id: stored.id,
  type: stored.type,
  name: stored.name ?? defaultName(stored.type),
  timestamp: stored.timestamp,
  message: stored.message ?? null,
  data: stored.data ?? null,
  details: { ...NO_DETAILS, flowRunId: runId, ...stored.details },
});

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

/** The fields that are not as `usual` has them; null where none is. */
function differing<T extends object>(value: T, usual: T): Partial<T> | null {
  let fields: Partial<T> | null = null;
  for (const key in value) {
    if (value[key] === usual[key] || (isEmpty(value[key]) && isEmpty(usual[key]))) continue;
    fields ??= {};
    fields[key] = value[key];
  }
  return fields;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}
