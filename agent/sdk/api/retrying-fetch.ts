/**
 * A fetch for a client that must get through: a network error, 408, 429, 502, 503 and 504 are tried again, after the time
 * that the server asks for, or after a doubling one with jitter. What is sent again is either idempotent on the server or
 * named by an id of ours (states by their transition id, events and task runs by their own).
 */
import { sleep } from "../clock.ts";
import { type LeanRequest, type LeanResponse, leanFetch } from "./lean-fetch.ts";
import { untrusted } from "./trust.ts";

const AGAIN: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export interface RetryOptions {
  /** Milliseconds after which no further try is begun. */
  budgetMs: number;
  /** Milliseconds that one try may take. */
  attemptMs?: number;
  firstDelayMs?: number;
  longestDelayMs?: number;
  fetch?: (input: string, init: LeanRequest) => Promise<LeanResponse>;
  /** Told before each wait. */
  onRetry?: (why: string, delayMs: number) => void;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
  now?: () => number;
}

export function retryingFetch(options: RetryOptions): (input: string, init: LeanRequest) => Promise<LeanResponse> {
  const {
    budgetMs,
    attemptMs = 30_000,
    firstDelayMs = 100,
    longestDelayMs = 20_000,
    fetch: send = leanFetch,
    onRetry,
    sleep: wait = sleep,
    random = Math.random,
    now = () => performance.now(),
  } = options;
  return async (input, init) => {
    const deadline = now() + budgetMs;
    for (let attempt = 0; ; attempt++) {
      const own = AbortSignal.timeout(attemptMs);
      const signal = init.signal ? AbortSignal.any([init.signal, own]) : own;
      let failure: unknown;
      let response: LeanResponse | undefined;
      try {
        response = await send(input, { ...init, signal });
        if (!AGAIN.has(response.status)) return response;
      } catch (error) {
        if (init.signal?.aborted) throw error;
        const stranger = untrusted(input, error);
        if (stranger) throw stranger;
        failure = error;
      }
      const asked = retryAfterMs(response);
      const delay = asked ?? Math.min(longestDelayMs, firstDelayMs * 2 ** attempt) * (0.5 + random() / 2);
      if (now() + delay > deadline) {
        if (response) return response;
        throw unreachable(input, failure);
      }
      onRetry?.(response ? `answer ${response.status}` : reason(failure), delay);
      await wait(delay, init.signal ?? undefined);
    }
  };
}

/** The API could not be reached in the time that was given. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

const unreachable = (url: string, cause: unknown): UnreachableError =>
  new UnreachableError(`The API at ${new URL(url).origin} cannot be reached: ${reason(cause)}`, { cause });

const reason = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);

function retryAfterMs(response: LeanResponse | undefined): number | null {
  const header = response?.headers.get("retry-after");
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
