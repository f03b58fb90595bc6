/** A run as its own page shows it: the row of lists, and what belongs to one run alone. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { RERUN_OF } from "@millrace/domain/flow-run/rerun.ts";
import { isTerminal } from "@millrace/domain/state.ts";
import { lacks } from "../access.ts";
import { milliseconds } from "../time/tell.ts";
import { type RunRow, runRow } from "./run-row.ts";

export interface RunDetail extends RunRow {
  created: number | null;
  /** Null: too large to be sent with the page; `parameterBytes` says how large. */
  parameters: Record<string, unknown> | null;
  parameterBytes: number;
  jobVariables: Record<string, unknown>;
  flowVersion: string | null;
  deploymentVersion: string | null;
  queue: string | null;
  /** Retries allowed after the first attempt. */
  retries: number;
  /** When a waiting run goes on, milliseconds. */
  due: number | null;
  /** The task run of another run that this run stands for. */
  parentTask: string | null;
  createdBy: string | null;
  /** Of which run it is the repetition. */
  rerunOf: string | null;
  /** The keys under which a paused run put its question; null: it asks nothing. */
  asks: Record<string, string> | null;
  idempotencyKey: string | null;
}

/** Parameters larger than this stay on the server until they are asked for. */
const MOST_PARAMETERS = 65_536;

export function runDetail(run: WireFlowRun): RunDetail {
  const parameterBytes = JSON.stringify(run.parameters).length;
  const policy = run.empirical_policy;
  const by = run.created_by as { display_value?: unknown; type?: unknown } | null;
  return {
    ...runRow(run),
    created: milliseconds(run.created),
    parameters: parameterBytes <= MOST_PARAMETERS ? run.parameters : null,
    parameterBytes,
    jobVariables: run.job_variables,
    flowVersion: run.flow_version,
    deploymentVersion: run.deployment_version,
    queue: run.work_queue_name,
    retries: policy.retries ?? policy.max_retries,
    due: milliseconds(run.next_scheduled_start_time),
    parentTask: run.parent_task_run_id,
    createdBy: typeof by?.display_value === "string" ? by.display_value : null,
    idempotencyKey: run.idempotency_key,
    rerunOf: typeof run.labels[RERUN_OF] === "string" ? run.labels[RERUN_OF] : null,
    asks: run.state?.type === "PAUSED" ? (run.state.state_details.run_input_keyset ?? null) : null,
  };
}

/** Why the run cannot be cancelled; null when it can. */
export function cannotCancel(run: Pick<RunRow, "state">, scopes: readonly string[]): string | null {
  const lacking = lacks(scopes, "run_flows");
  if (lacking !== null) return lacking;
  if (!run.state || isTerminal(run.state.type)) return "The run has ended.";
  return null;
}

/** Why the run cannot be run again, as one more run; null when it can. */
export function cannotRerun(run: Pick<RunRow, "deploymentId">, scopes: readonly string[]): string | null {
  const lacking = lacks(scopes, "run_flows");
  if (lacking !== null) return lacking;
  if (run.deploymentId !== null) return null;
  return "The run has no deployment, so nobody could start it again. Start its program instead.";
}

/** Why the run cannot be tried again; null when it can. */
export function cannotRetry(run: Pick<RunRow, "state" | "deploymentId">, scopes: readonly string[]): string | null {
  if (run.state && !isTerminal(run.state.type)) return lacks(scopes, "run_flows") ?? "The run has not ended yet.";
  return cannotRerun(run, scopes);
}

/** Why the run cannot go on; null when it can. */
export function cannotResume(run: Pick<RunRow, "state">, scopes: readonly string[]): string | null {
  return lacks(scopes, "run_flows") ?? (run.state?.type === "PAUSED" ? null : "The run is not paused.");
}
