/**
 * Everything that a caller can be told went wrong, as a closed union of codes. Objects return a problem; only the API
 * makes a status of it. What is not a problem is a bug.
 */
export type Problem =
  /** Nothing of this id within the caller's reach: it may be missing or belong to somebody else. */
  | { code: "not_found"; what: string; id: string }
  /** Something of this name is there already. */
  | { code: "already_exists"; what: string; name: string }
  /** The thing is not in a condition for this. `must`: what to do first. */
  | { code: "conflict"; what: string; is: string; must: string }
  /** What is asked for cannot be done as it stands, and the wire calls that a bad request. */
  | { code: "untimely"; message: string }
  /** A report under a claim that is no longer the live one. */
  | { code: "stale_claim"; held: number; shown: number }
  /** One field is wrong. The path is dotted, as the wire names it. */
  | { code: "invalid"; field: string; message: string }
  /** What is asked for would keep the one who asks out. */
  | { code: "locks_out"; message: string }
  /** A value that a schema of the user's refuses, while something is done: `doing`, as in "creating flow run". */
  | { code: "unfit"; of: "parameters" | "job_variables"; doing: string; field: string; message: string }
  | { code: "too_large"; what: string; limit: number; unit: "bytes" | "levels" | "items" | "characters" }
  | { code: "unauthenticated"; message: string }
  | { code: "forbidden"; scope: string }
  /** Not for this caller, or not from here, whatever its scopes. */
  | { code: "refused"; message: string }
  /** A run's own token, used on a run that it did not begin. */
  | { code: "beyond_run"; run: string }
  /** What was there has ended, and does not come back. */
  | { code: "gone"; what: string; id: string }
  /** All slots of a limit are taken, or wanted by those who came before. */
  | { code: "slots_taken"; limit: string; retryAfter: number }
  | { code: "too_many"; what: string; limit: number; retryAfter: number }
  /** A part that is needed does not answer. The same call is worth repeating. */
  | { code: "unavailable"; what: string; retryAfter: number };

export type ProblemCode = Problem["code"];

/** One sentence, or two: what is wrong, and what to do next. */
export function sentence(problem: Problem): string {
  switch (problem.code) {
    case "not_found":
      return `There is no ${problem.what} ${problem.id} in this workspace. Check the id, and the workspace in your API URL.`;
    case "already_exists":
      return `A ${problem.what} named ${problem.name} is there already. Choose another name, or change that one.`;
    case "conflict":
      return `The ${problem.what} is ${problem.is}. ${problem.must}`;
    case "untimely":
      return problem.message;
    case "stale_claim":
      return (
        `This claim has generation ${problem.shown}, but ${problem.held} is current: the run was taken back or given to ` +
        "another agent. Stop, and report nothing more for it."
      );
    case "invalid":
      return `${problem.field}: ${problem.message}`;
    case "locks_out":
      return problem.message;
    case "unfit":
      return `Error ${problem.doing}: Validation failed${problem.field && ` for field '${problem.field}'`}. Failure reason: ${problem.message}`;
    case "too_large":
      return `The ${problem.what} exceeds ${problem.limit} ${problem.unit}. Send less at once.`;
    case "unauthenticated":
      return problem.message;
    case "forbidden":
      return `Your credential lacks the scope ${problem.scope}. Ask an owner of the account for a key that has it.`;
    case "refused":
      return problem.message;
    case "beyond_run":
      return `This is the token of run ${problem.run}: it reaches that run and those it began. Use an API key for others.`;
    case "gone":
      return `The ${problem.what} ${problem.id} has ended. Ask for a new one.`;
    case "slots_taken":
      return `The slots of the limit ${problem.limit} are taken. Try again in ${seconds(problem.retryAfter)}.`;
    case "too_many":
      return `More than ${problem.limit} ${problem.what}. Try again in ${seconds(problem.retryAfter)}.`;
    case "unavailable":
      return `The ${problem.what} does not answer just now. Try again in ${seconds(problem.retryAfter)}.`;
    default:
      return problem satisfies never;
  }
}

const seconds = (count: number): string => (count === 1 ? "1 second" : `${count} seconds`);
