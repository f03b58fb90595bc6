/**
 * The states of flow runs and task runs: nine types, and under each type any name ("AwaitingRetry" is SCHEDULED).
 * A state is never edited once it is part of a history; the rules put another one in its place.
 */
import type { Json } from "./json.ts";
import type { Instant } from "./time.ts";

export const STATE_TYPES = [
  "SCHEDULED",
  "PENDING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
  "CRASHED",
  "PAUSED",
  "CANCELLING",
] as const;
export type StateType = (typeof STATE_TYPES)[number];

const TERMINAL: ReadonlySet<StateType> = new Set(["COMPLETED", "FAILED", "CANCELLED", "CRASHED"]);

/** True of a type that ends a run. */
export const isTerminal = (type: StateType): boolean => TERMINAL.has(type);

/** What a state knows beside its type. Null: not said. */
export interface StateDetails {
  flowRunId: string | null;
  taskRunId: string | null;
  childFlowRunId: string | null;
  /** When a SCHEDULED run is due. */
  scheduledTime: Instant | null;
  cacheKey: string | null;
  cacheExpiration: Instant | null;
  deferred: boolean | null;
  untrackableResult: boolean;
  /** When a PAUSED run gives up waiting. */
  pauseTimeout: Instant | null;
  /** True: the paused run leaves its machine, and is scheduled anew when resumed. */
  pauseReschedule: boolean;
  pauseKey: string | null;
  runInputKeyset: { [key: string]: string } | null;
  refreshCache: boolean | null;
  retriable: boolean | null;
  /** Names one attempt to change the state; a repetition of it is refused. */
  transitionId: string | null;
  taskParametersId: string | null;
  traceparent: string | null;
  deploymentConcurrencyLeaseId: string | null;
}

export interface State {
  id: string;
  type: StateType;
  name: string;
  timestamp: Instant;
  message: string | null;
  data: Json;
  details: StateDetails;
}

export const NO_DETAILS: Readonly<StateDetails> = Object.freeze({
  flowRunId: null,
  taskRunId: null,
  childFlowRunId: null,
  scheduledTime: null,
  cacheKey: null,
  cacheExpiration: null,
  deferred: false,
  untrackableResult: false,
  pauseTimeout: null,
  pauseReschedule: false,
  pauseKey: null,
  runInputKeyset: null,
  refreshCache: null,
  retriable: null,
  transitionId: null,
  taskParametersId: null,
  traceparent: null,
  deploymentConcurrencyLeaseId: null,
});

/** The name a state has when nobody gave it another: "SCHEDULED" is called "Scheduled". */
export const defaultName = (type: StateType): string => type[0] + type.slice(1).toLowerCase();

/** What a caller says of a state that it proposes; the rest is filled in. */
export interface StateInput {
  type: StateType;
  name?: string | null;
  message?: string | null;
  data?: Json;
  details?: Partial<StateDetails>;
}

/** A state made now: named after its type unless named, and due now if it is SCHEDULED with no time of its own. */
export function newState(input: StateInput, { id, now }: { id: string; now: Instant }): State {
  const details: StateDetails = { ...NO_DETAILS, ...input.details };
  if (input.type === "SCHEDULED") details.scheduledTime ??= now;
  return {
    id,
    type: input.type,
    name: input.name ?? defaultName(input.type),
    timestamp: now,
    message: input.message ?? null,
    data: input.data ?? null,
    details,
  };
}
