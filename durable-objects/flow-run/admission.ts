/** What is turned away before any rule is asked: reports of a run that has no say, and fields that no row could hold. */
import { report } from "@millrace/domain/flow-run/claim.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { StateInput } from "@millrace/domain/state.ts";
import type { Head } from "./head.ts";

/** A run's own process, by the claim that its token names; null for every other caller, whom scopes alone bind. */
export type Reporter = { run: string; generation: number } | null;

/** Why a run's process may not report on this run: its claim was taken back, or the run is not one that it began. */
export function refusal(head: Head, reporter: Reporter): Problem | null {
  if (!reporter) return null;
  const { run, generation } = reporter;
  if (run !== head.run.id) return head.surroundings.startedBy === run ? null : { code: "beyond_run", run };
  return report(head, generation) === "ok" ? null : { code: "stale_claim", held: head.generation, shown: generation };
}

/** Whether a run still waits for its first attempt, as it was made: nobody has touched its state. */
export const isUnbegun = ({ run, claim, states }: Head): boolean =>
  run.state?.type === "SCHEDULED" && states.length === 1 && run.runCount === 0 && claim === null;

/** Most characters of JSON that one field may have: a row holds two million bytes, and the head holds several fields. */
const LARGEST_FIELD = 512 * 1024;

/** The first of these fields that is too large to be kept. */
export function tooLarge(fields: { [name: string]: unknown }): Problem | null {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || (typeof value !== "object" && typeof value !== "string")) continue;
    if (JSON.stringify(value).length > LARGEST_FIELD) {
      return { code: "too_large", what: name, limit: LARGEST_FIELD, unit: "characters" };
    }
  }
  return null;
}

/** Why a proposed state is not even judged. */
export const turnedAway = (head: Head, proposed: StateInput, { reporter }: { reporter: Reporter }): Problem | null =>
  refusal(head, reporter) ?? tooLarge({ "state.data": proposed.data });

/** The answer for a run that is not there, or not the caller's. */
export const notFound = (id: string): Problem => ({ code: "not_found", what: "flow run", id });

/** Tells a problem from an answer. */
export const isProblem = (answer: unknown): answer is Problem =>
  typeof answer === "object" && answer !== null && "code" in answer;
