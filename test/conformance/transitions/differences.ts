/**
 * Every accepted difference between how Prefect's server and this service judge a sequence, with its reason. One that is not
 * listed fails the comparison, and so does an entry that explains nothing any more.
 */
import type { Observation } from "./drive.ts";
import type { Sequence } from "./sequence.ts";

/** One observation of each server at the same place; `at` counts the observations of the sequence. */
export interface Pair {
  sequence: Sequence;
  at: number;
  theirs: readonly Observation[];
  ours: readonly Observation[];
}

export interface Accepted {
  name: string;
  reason: string;
  /** Whether this pair differs for this reason. From there on the two runs are no longer alike, and are compared no further. */
  explains(pair: Pair): boolean;
}

export const accepted: readonly Accepted[] = [
  {
    name: "a refused resume marks nothing",
    reason:
      "There a run that is refused to leave PAUSED is marked as resuming nevertheless, so that its next real attempt is not counted.",
    explains: ({ at, theirs, ours }) =>
      theirs[at]?.answer === ours[at]?.answer &&
      / REJECT /.test(ours[at]?.answer ?? "") &&
      /resuming/.test(String(theirs[at]?.run?.empirical_policy)) &&
      !/resuming/.test(String(ours[at]?.run?.empirical_policy)),
  },
  {
    name: "a transition that was made is not made again",
    reason:
      "A run remembers the ids of its last transitions: a copy that arrives late, after others, is refused. There only the last one is known.",
    explains: (pair) => {
      const id = transitionOf(pair, pair.at);
      const before = pair.ours
        .slice(0, pair.at)
        .some((one, at) => id === transitionOf(pair, at) && /^(201|made)/.test(one.answer));
      return id !== null && before && /^200 REJECT/.test(pair.ours[pair.at]?.answer ?? "");
    },
  },
];

/** The transition id that was sent with an observation. */
function transitionOf({ sequence: { runs, task, steps } }: Pair, at: number): unknown {
  const step = steps[at - runs.length - (task ? 1 : 0)];
  const state = step === undefined ? runs[at]?.state : step.on === "pid" ? null : step.state;
  return state?.details?.transition_id ?? null;
}
