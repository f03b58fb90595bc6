/**
 * What a run asks of its pool, out of its job variables: `priority`, `fairness_key`, `fairness_weight`. They come from the deployment,
 * or from whoever starts the run.
 *
 * DI6  What cannot be one is as if it was not said.
 */
import type { JsonObject } from "../json.ts";

export interface Wishes {
  /** Lower goes first. */
  priority: number;
  /** Runs of one key share its turns; "" is the key of all that name none. */
  key: string;
  /** Turns of the key beside others' one. */
  weight: number;
}

/** Priority of runs that ask for none. */
export const USUAL_PRIORITY = 100;
const MOST_PRIORITY = 1_000_000;
const LONGEST_KEY = 200;
const WEIGHTS = { least: 0.01, most: 100 } as const;

export function wishesOf(variables: JsonObject | null): Wishes {
  const { priority, fairness_key: key, fairness_weight: weight } = variables ?? {};
  return {
    priority: isPriority(priority) ? priority : USUAL_PRIORITY,
    key: typeof key === "string" ? key.slice(0, LONGEST_KEY) : "",
    weight: typeof weight === "number" && weight > 0 ? clamp(weight) : 1,
  };
}

const isPriority = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= MOST_PRIORITY;

const clamp = (weight: number): number => Math.min(Math.max(weight, WEIGHTS.least), WEIGHTS.most);
