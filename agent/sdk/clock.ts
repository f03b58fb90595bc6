/**
 * The clock of this process: wall time with six digits, and never twice the same instant, so that two states of a run keep
 * their order however fast they follow each other.
 */
import { formatInstant, type Instant, instant } from "@millrace/domain/time.ts";

/** Milliseconds by which the steady clock may leave the wall clock before it is set again. */
const DRIFT_MS = 5;

let origin = performance.timeOrigin;
let last = 0;

/** Now, later than every answer before. */
export function now(): Instant {
  let wall = origin + performance.now();
  const date = Date.now();
  if (Math.abs(wall - date) > DRIFT_MS) {
    origin += date - wall;
    wall = date;
  }
  last = Math.max(last + 1, Math.round(wall * 1000));
  return instant(last);
}

/** An instant as the wire writes it; without one, now. */
export const timestamp = (at: Instant = now()): string => formatInstant(at);

/** Waits, or throws the signal's reason as soon as it is aborted. Takes its listener back. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
