/** Retries: how many, after how long, and of what. */
import { type Duration, LONGEST_MS, milliseconds } from "./duration.ts";
import { NonRetriable } from "./errors.ts";

/** One delay for all retries, a list with one for each (its last holds for the rest), or a function of the retry's number from 1. */
export type RetryDelay = Duration | readonly Duration[] | ((retry: number) => Duration);

export interface RetryOptions {
  /** Attempts after the first. */
  retries?: number;
  retryDelay?: RetryDelay;
  /** 0.3: each delay is spread by up to 30 % in both directions, so that what failed together does not return together. */
  retryJitter?: number;
  /** Asked before each retry; false fails the run now. */
  retryIf?: (error: unknown, retry: number) => boolean | Promise<boolean>;
}

export interface RetryPlan {
  retries: number;
  /** Milliseconds before each retry, without jitter. */
  delays: readonly number[];
  jitter: number;
  retryIf: ((error: unknown, retry: number) => boolean | Promise<boolean>) | null;
}

/** Most retries that are taken: each delay is told to the API beforehand. */
const MOST_RETRIES = 1000;

/** Checks the options once, when the task or flow is declared. */
export function retryPlan(options: RetryOptions, what: string): RetryPlan {
  const { retries = 0, retryDelay = 0, retryJitter = 0, retryIf = null } = options;
  if (!Number.isInteger(retries) || retries < 0 || retries > MOST_RETRIES) {
    throw new TypeError(`${what}: retries must be a whole number from 0 to ${MOST_RETRIES}, not ${retries}.`);
  }
  if (!(retryJitter >= 0 && retryJitter <= 1)) {
    throw new TypeError(`${what}: retryJitter must be between 0 and 1, not ${retryJitter}.`);
  }
  const delays = Array.from({ length: retries }, (_, index) =>
    milliseconds(delayOf(retryDelay, index + 1), `${what}: retryDelay`),
  );
  return { retries, delays, jitter: retryJitter, retryIf };
}

function delayOf(delay: RetryDelay, retry: number): Duration {
  if (typeof delay === "function") return delay(retry);
  if (typeof delay === "object") return delay[Math.min(retry, delay.length) - 1] ?? 0;
  return delay;
}

/** Milliseconds to wait before retry number `retry`, or null where `error` is not tried again. */
export async function nextDelay(
  plan: RetryPlan,
  error: unknown,
  retry: number,
  random: () => number = Math.random,
): Promise<number | null> {
  if (retry > plan.retries || error instanceof NonRetriable) return null;
  if (plan.retryIf && !(await plan.retryIf(error, retry))) return null;
  const delay = plan.delays[retry - 1] ?? 0;
  return Math.min(LONGEST_MS, delay * (1 + plan.jitter * (2 * random() - 1)));
}

/** The delays as the wire carries them: seconds, one number where all are equal. */
export function wireDelay(plan: RetryPlan): number | number[] {
  const seconds = plan.delays.map((ms) => ms / 1000);
  const [first = 0] = seconds;
  return seconds.every((delay) => delay === first) ? first : seconds;
}
