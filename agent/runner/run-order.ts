/**
 * What the agent hands to the process of a run, through a pipe: it is in no environment and on no command line, so that no
 * program of the machine, and none that the run starts, sees parameters or tokens there.
 */
import type { JsonObject } from "@millrace/domain/json.ts";

export interface RunOrder {
  v: 1;
  /** Variables of this run alone, set before any user code is loaded. */
  env: Record<string, string>;
  /** The run's own folder. */
  folder: string;
  /** What a bundle's process needs to know; null for a Python run, which asks for itself. */
  bundle: BundleOrder | null;
}

export interface BundleOrder {
  /** Path of the verified bundle. */
  path: string;
  flowName: string;
  /** The run as the server sent it. */
  flowRun: WireRun;
  /** Names the transition to RUNNING, which the process proposes first. */
  runningTransition: string;
  /** Between the SIGTERM and the SIGKILL of a cancel. */
  graceMs: number;
}

/** The fields of a flow run that a process of it needs, in the wire's spelling. */
export interface WireRun {
  id: string;
  name: string;
  flow_id: string;
  parameters: JsonObject;
  run_count: number;
  tags: string[];
  deployment_id: string | null;
  empirical_policy: { retries: number | null; retry_delay: number | null };
}

export const encodeOrder = (order: RunOrder): string => JSON.stringify(order);

export const decodeOrder = (text: string): RunOrder => JSON.parse(text) as RunOrder;

/** How the process of a run ends, as its exit code. */
export const EXIT = {
  /** The API knows how the run ended, or must not be told. */
  told: 0,
  /** The end could not be reported: the agent does it. */
  untold: 1,
  /** The process ended although its flow had not: `process.exit()`, or nothing left to wait for. */
  unfinished: 70,
} as const;
