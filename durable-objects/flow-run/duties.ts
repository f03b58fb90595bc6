/**
 * What a run's state asks of the world, and when to ask again: of its pool, to start it or not to; of its agent, to stop it.
 *
 * FO2  A duty may be done twice; one that is not done is asked for again by an alarm.
 */
import { clearAlarms, setAlarm } from "@millrace/domain/alarms.ts";
import type { Cancelled } from "@millrace/domain/flow-run/cancellation.ts";
import { isWorked } from "@millrace/domain/flow-run/claim.ts";
import { isTerminal, type State } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { type Instant, plusSeconds, secondsBetween } from "@millrace/domain/time.ts";
import type { Head } from "./head.ts";

/** What the object has to do in the world after a commit. */
export type Duty =
  /** Send the run to its pool. */
  | { kind: "offer"; due: Instant }
  /** Tell the pool that the run is not to be started any more, or that the worker that had it has it no more. */
  | { kind: "withdraw" }
  /** Tell the pool that somebody works on the run without a claim. */
  | { kind: "occupy"; due: Instant }
  /** Tell the agent that holds this claim to stop. */
  | { kind: "cancel"; generation: number }
  /** Tell a subflow that its parent is being cancelled, or was. */
  | { kind: "cancel-child"; run: string; parent: Cancelled }
  /** Have a worker clean up behind the run, whose cancellation nobody confirmed; `state`: the one that it ended in. */
  | { kind: "clean"; state: string }
  /** Give back the slot of a lease. */
  | { kind: "free"; lease: string }
  /** Give back the slots of a task run's tags. */
  | { kind: "free-tags"; taskRun: Pick<TaskRun, "id" | "tags"> }
  /** Hold the slot of a lease without signs of life. */
  | { kind: "hold"; lease: string };

/** Seconds before it is due that a run is sent to its pool: as far ahead as workers ask, and a little more. */
const LEAD_SECONDS = 15;
/** Seconds until an offer is repeated that led to no claim. The first ones may have been lost; later ones wait for an agent. */
const REOFFER_SECONDS = 30;
const QUICK_OFFERS = 5;
const LONGEST_REOFFER_SECONDS = 3600;
/** Seconds that a process has to report before its pool is asked about its claim. */
export const CONFIRM_SECONDS = 30;
/** Seconds between reminders to the agent of a run that is being cancelled. */
const RECANCEL_SECONDS = 10;

interface Asked {
  /** The head with its alarms as they are to be. */
  head: Head;
  duty: Duty | null;
}

/** What is to be done about the run as it now is. */
export function dutyOf(given: Head, now: Instant): Asked {
  const { run, claim } = given;
  const state = run.state;
  if (state?.type === "PENDING" && claim) return confirm(given, claim.since, now);
  const head = { ...given, alarms: clearAlarms(given.alarms, ["confirm"]) };
  if (state?.type === "SCHEDULED" && run.workPoolId !== null && !claim && run.policy.retryType !== "in_process") {
    const asked = offer(head, state, now);
    // An offer says as much.
    if (!head.worked || asked.duty) return { ...asked, head: { ...asked.head, worked: false } };
    return { head: { ...asked.head, worked: false }, duty: { kind: "withdraw" } };
  }
  const alarms = clearAlarms(head.alarms, ["due", "offer"]);
  const overruled = state !== null && state.id === head.overruled && isTerminal(state.type);
  if ((state?.type === "CANCELLING" || state?.type === "CANCELLED" || overruled) && claim) {
    if (alarms.cancel) return { head: { ...head, alarms }, duty: null };
    const again = setAlarm(alarms, "cancel", plusSeconds(now, RECANCEL_SECONDS));
    return { head: { ...head, alarms: again }, duty: { kind: "cancel", generation: claim.generation } };
  }
  const worked = isWorked(run);
  if (worked && !claim && !head.worked && run.workPoolId !== null) {
    const due = state?.details.scheduledTime ?? now;
    return { head: { ...head, alarms, worked: true }, duty: { kind: "occupy", due } };
  }
  const over = state !== null && isTerminal(state.type) && head.offers > 0;
  if (!claim && !worked && (over || head.worked)) {
    return { head: { ...head, offers: 0, alarms, worked: false }, duty: { kind: "withdraw" } };
  }
  return { head: { ...head, alarms }, duty: null };
}

/**
 * A claim whose answer was lost with the pool's process is in no book, and nobody would end it: until something is heard of its process
 * the run is offered now and then, and a pool that does not know of the claim gives it back.
 */
function confirm(head: Head, since: Instant, now: Instant): Asked {
  if (head.alarms.confirm) return { head, duty: null };
  const wait = Math.min(Math.max(CONFIRM_SECONDS, secondsBetween(since, now)), LONGEST_REOFFER_SECONDS);
  const asked = { ...head, alarms: setAlarm(head.alarms, "confirm", plusSeconds(now, wait)) };
  return { head: asked, duty: { kind: "offer", due: head.run.state?.details.scheduledTime ?? since } };
}

function offer(head: Head, state: State, now: Instant): Asked {
  const due = state.details.scheduledTime ?? now;
  const ahead = plusSeconds(due, -LEAD_SECONDS);
  if (ahead > now) {
    const alarms = setAlarm(clearAlarms(head.alarms, ["offer"]), "due", ahead);
    return { head: { ...head, offers: 0, alarms }, duty: null };
  }
  if (head.alarms.offer) return { head, duty: null };
  const wait = Math.min(REOFFER_SECONDS * 2 ** Math.max(0, head.offers - QUICK_OFFERS), LONGEST_REOFFER_SECONDS);
  const alarms = setAlarm(clearAlarms(head.alarms, ["due"]), "offer", plusSeconds(now, wait));
  return { head: { ...head, offers: head.offers + 1, alarms }, duty: { kind: "offer", due } };
}
