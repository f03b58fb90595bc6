/** States on the wire, and their way into and out of the domain. */
import { defaultName, NO_DETAILS, STATE_TYPES, type State, type StateDetails } from "@millrace/domain/state.ts";
import { z } from "zod";
import { AnyJson, maybe, Name, recordOf, Timestamp, TimestampText, text, Uuid } from "./wire.ts";

export const StateTypeName = z.enum(STATE_TYPES);

const DetailsIn = z.object({
  flow_run_id: maybe(Uuid),
  task_run_id: maybe(Uuid),
  child_flow_run_id: maybe(Uuid),
  scheduled_time: maybe(Timestamp),
  cache_key: maybe(Name),
  cache_expiration: maybe(Timestamp),
  deferred: z.boolean().nullable().default(false),
  untrackable_result: z.boolean().default(false),
  pause_timeout: maybe(Timestamp),
  pause_reschedule: z.boolean().default(false),
  pause_key: maybe(Name),
  run_input_keyset: maybe(recordOf(z.string())),
  refresh_cache: maybe(z.boolean()),
  retriable: maybe(z.boolean()),
  transition_id: maybe(Uuid),
  task_parameters_id: maybe(Uuid),
  traceparent: maybe(Name),
  deployment_concurrency_lease_id: maybe(Uuid),
});

/** A state that somebody proposes. It has no id and no timestamp yet: those are given by the run that accepts it. */
export const StateIn = z
  .strictObject({
    type: StateTypeName,
    name: maybe(Name),
    message: maybe(z.string()),
    data: AnyJson.optional(),
    state_details: DetailsIn.optional(),
  })
  .transform(
    (state): ProposedState => ({
      type: state.type,
      name: state.name ?? defaultName(state.type),
      message: state.message,
      data: state.data ?? null,
      details: state.state_details ? detailsFromWire(state.state_details) : { ...NO_DETAILS },
    }),
  );

/** A state without the identity that acceptance gives. */
export type ProposedState = Omit<State, "id" | "timestamp">;

export const StateOut = z.object({
  id: z.uuid(),
  type: StateTypeName,
  name: z.string(),
  timestamp: TimestampText,
  message: z.string().nullable(),
  data: z.unknown(),
  state_details: z.object({
    flow_run_id: z.uuid().nullable(),
    task_run_id: z.uuid().nullable(),
    child_flow_run_id: z.uuid().nullable(),
    scheduled_time: TimestampText.nullable(),
    cache_key: z.string().nullable(),
    cache_expiration: TimestampText.nullable(),
    deferred: z.boolean().nullable(),
    untrackable_result: z.boolean(),
    pause_timeout: TimestampText.nullable(),
    pause_reschedule: z.boolean(),
    pause_key: z.string().nullable(),
    run_input_keyset: z.record(z.string(), z.string()).nullable(),
    refresh_cache: z.boolean().nullable(),
    retriable: z.boolean().nullable(),
    transition_id: z.uuid().nullable(),
    task_parameters_id: z.uuid().nullable(),
    traceparent: z.string().nullable(),
    deployment_concurrency_lease_id: z.uuid().nullable(),
  }),
});
export type WireState = z.output<typeof StateOut>;

function detailsFromWire(details: z.output<typeof DetailsIn>): StateDetails {
  return {
    flowRunId: details.flow_run_id,
    taskRunId: details.task_run_id,
    childFlowRunId: details.child_flow_run_id,
    scheduledTime: details.scheduled_time,
    cacheKey: details.cache_key,
    cacheExpiration: details.cache_expiration,
    deferred: details.deferred,
    untrackableResult: details.untrackable_result,
    pauseTimeout: details.pause_timeout,
    pauseReschedule: details.pause_reschedule,
    pauseKey: details.pause_key,
    runInputKeyset: details.run_input_keyset,
    refreshCache: details.refresh_cache,
    retriable: details.retriable,
    transitionId: details.transition_id,
    taskParametersId: details.task_parameters_id,
    traceparent: details.traceparent,
    deploymentConcurrencyLeaseId: details.deployment_concurrency_lease_id,
  };
}

/** A state as every answer of the wire shows it. */
export function stateToWire(state: State): WireState {
  const details = state.details;
  return {
    id: state.id,
    type: state.type,
    name: state.name,
    timestamp: text(state.timestamp) as string,
    message: state.message,
    data: state.data,
    state_details: {
      flow_run_id: details.flowRunId,
      task_run_id: details.taskRunId,
      child_flow_run_id: details.childFlowRunId,
      scheduled_time: text(details.scheduledTime),
      cache_key: details.cacheKey,
      cache_expiration: text(details.cacheExpiration),
      deferred: details.deferred,
      untrackable_result: details.untrackableResult,
      pause_timeout: text(details.pauseTimeout),
      pause_reschedule: details.pauseReschedule,
      pause_key: details.pauseKey,
      run_input_keyset: details.runInputKeyset,
      refresh_cache: details.refreshCache,
      retriable: details.retriable,
      transition_id: details.transitionId,
      task_parameters_id: details.taskParametersId,
      traceparent: details.traceparent,
      deployment_concurrency_lease_id: details.deploymentConcurrencyLeaseId,
    },
  };
}
