/**
 * What an error that no handler expected means for the caller.
 *
 * AP15 A part that does not answer just now is told as such, so that clients try again: 500 is final to them. A value that is too
 *      large for its row is the caller's to change. Everything else is a bug.
 */
import type { Problem } from "@millrace/domain/problem.ts";

/** Seconds after which the same call is worth repeating: objects and databases that were reset are there again at once. */
const RETRY_AFTER = 1;
/** Bytes that a row of an object or of a database may have. */
const LARGEST_ROW = 2_000_000;

/** How the platform says that an object or a database was reset, is overloaded, or cannot be reached. */
const PASSING =
  /network connection lost|overloaded|(?:was|to be|been) reset|does not answer|internal error; reference|transient|too many requests|storage operation exceeded timeout/i;
const TOO_BIG = /SQLITE_TOOBIG|string or blob too big/i;

/** The problem that an error stands for; null where it is a bug. */
export function problemOf(error: unknown): Problem | null {
  const { retryable, overloaded, durableObjectReset } = Object(error) as {
    retryable?: boolean;
    overloaded?: boolean;
    durableObjectReset?: boolean;
  };
  const text = String(error);
  if (TOO_BIG.test(text)) return { code: "too_large", what: "value", limit: LARGEST_ROW, unit: "bytes" };
  if (retryable || overloaded || durableObjectReset || PASSING.test(text)) {
    return { code: "unavailable", what: "service", retryAfter: RETRY_AFTER };
  }
  return null;
}
