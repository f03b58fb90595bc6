/**
 * Every accepted difference between how Prefect's server and this service judge a sequence, with its reason. One that is not
 * listed fails the comparison, and so does an entry that explains nothing any more.
 */
import type { Observation } from "./drive.ts";
import type { ProposedState, Sequence } from "./sequence.ts";

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
      const id = detailsOf(pair, pair.at)?.transition_id;
      const before = pair.ours
        .slice(0, pair.at)
        .some((one, at) => id === detailsOf(pair, at)?.transition_id && /^(201|made)/.test(one.answer));
      return id !== undefined && before && /^200 REJECT/.test(pair.ours[pair.at]?.answer ?? "");
    },
  },
  {
    name: "a pause that is over ends by itself",
    reason:
      "The run is FAILED by its own timer at once. There a service looks for such runs now and then; it was off in the recording.",
    explains: (pair) =>
      pair.ours.slice(0, pair.at + 1).some((_one, at) => detailsOf(pair, at)?.pause_timeout === "T-60"),
  },
  {
    name: "a cancelled run has no live task runs",
    reason:
      "Task runs that were live when their flow run was cancelled are CANCELLED with it. There they stay as they were, RUNNING for ever.",
    explains: ({ sequence, at, ours }) =>
      sequence.kind === "task" &&
      ours
        .slice(0, at)
        .some((one, before) => stepOf(sequence, before)?.on === "flow" && / CANCELLED /.test(one.answer)),
  },
  {
    name: "a run gives back no slot that it never had",
    reason:
      "A run that was forced to be PENDING has no slot. There it gives one back all the same as it leaves, another run's, and two run where one may.",
    explains: ({ sequence, at, theirs, ours }) =>
      sequence.kind === "limited" &&
      / ACCEPT .*PENDING/.test(theirs[at]?.answer ?? "") &&
      / REJECT .*(AwaitingConcurrencySlot|CANCELLED)/.test(ours[at]?.answer ?? "") &&
      theirs
        .slice(0, at)
        .some(({ answer, state }) => / PENDING /.test(answer) && state?.deployment_concurrency_lease_id === undefined),
  },
  {
    name: "an error of the other server",
    reason:
      "Prefect's server answers 500 where it queues a background task whose state has data, or leaves a state with odd data.",
    explains: ({ at, theirs }) => theirs[at]?.answer === "500",
  },
];

/** The step that led to an observation; none where something was made. */
const stepOf = ({ runs, task, steps }: Sequence, at: number): Sequence["steps"][number] | undefined =>
  steps[at - runs.length - (task ? 1 : 0)];

/** The details of the state that was sent with an observation. */
function detailsOf({ sequence }: Pair, at: number): ProposedState["details"] {
  const { runs, task } = sequence;
  const made = [...runs.map(({ state }) => state), ...(task ? [task.state] : [])];
  const step = stepOf(sequence, at);
  return (at < made.length ? made[at] : step && step.on !== "pid" ? step.state : undefined)?.details;
}
