/**
 * What the agent hands to the process of a run, in one variable of its environment; the process takes it out before any
 * user code runs, so that no program it starts sees parameters.
 */
import type { JsonObject } from "@millrace/domain/json.ts";

export const ORDER_VARIABLE = "MILLRACE_RUN_ORDER";

export interface RunOrder {
  v: 1;
  /** Path of the verified bundle. */
  bundle: string;
  flowName: string;
  /** The run as the server sent it; null where it is too large for the environment: the process asks for it. */
  flowRun: WireRun | null;
  /** Names the transition to RUNNING, which the process proposes first. */
  runningTransition: string;
  /** Between the SIGTERM and the SIGKILL of a cancel. */
  graceMs: number;
  /** Where compiled code may be kept between runs; null: nowhere. */
  compileCache: string | null;
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

/** Linux takes at most 128 KiB for one variable; this leaves room for the rest of the order. */
const LARGEST_RUN = 100_000;

export function encodeOrder(order: RunOrder): string {
  const text = JSON.stringify(order);
  return Buffer.byteLength(text) <= LARGEST_RUN ? text : JSON.stringify({ ...order, flowRun: null });
}

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
