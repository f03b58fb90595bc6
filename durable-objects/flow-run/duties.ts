/**
 * What a run's state asks of the world, and when to ask again: of its pool, to start it or not to; of its agent, to stop it.
 *
 * FO2  A duty may be done twice; one that is not done is asked for again by an alarm.
 */
import { clearAlarms, setAlarm } from "@millrace/domain/alarms.ts";
import { isTerminal, type State } from "@millrace/domain/state.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { Head } from "./head.ts";

/** What the object has to do in the world after a commit. */
export type Duty =
  /** Send the run to its pool. */
  | { kind: "offer"; due: Instant }
  /** Tell the pool that the run is not to be started any more. */
  | { kind: "withdraw" }
  /** Tell the agent that holds this claim to stop. */
  | { kind: "cancel"; generation: number };

/** Seconds until an offer is repeated that led to no claim. The first ones may have been lost; later ones wait for an agent. */
const REOFFER_SECONDS = 30;
const QUICK_OFFERS = 5;
const LONGEST_REOFFER_SECONDS = 3600;
/** Seconds between reminders to the agent of a run that is being cancelled. */
const RECANCEL_SECONDS = 10;

interface Asked {
  /** The head with its alarms as they are to be. */
  head: Head;
  duty: Duty | null;
}

/** What is to be done about the run as it now is. */
export function dutyOf(head: Head, now: Instant): Asked {
  const { run, claim } = head;
  const state = run.state;
  if (state?.type === "SCHEDULED" && run.workPoolId !== null && !claim && run.policy.retryType !== "in_process") {
    return offer(head, state, now);
  }
  const alarms = clearAlarms(head.alarms, ["due", "offer"]);
  const overruled = state !== null && state.id === head.overruled && isTerminal(state.type);
  if ((state?.type === "CANCELLING" || state?.type === "CANCELLED" || overruled) && claim) {
    if (alarms.cancel) return { head: { ...head, alarms }, duty: null };
    const again = setAlarm(alarms, "cancel", plusSeconds(now, RECANCEL_SECONDS));
    return { head: { ...head, alarms: again }, duty: { kind: "cancel", generation: claim.generation } };
  }
  if (state && isTerminal(state.type) && !claim && head.offers > 0) {
    return { head: { ...head, offers: 0, alarms }, duty: { kind: "withdraw" } };
  }
  return { head: { ...head, alarms }, duty: null };
}

function offer(head: Head, state: State, now: Instant): Asked {
  const due = state.details.scheduledTime ?? now;
  if (due > now) {
    const alarms = setAlarm(clearAlarms(head.alarms, ["offer"]), "due", due);
    return { head: { ...head, offers: 0, alarms }, duty: null };
  }
  if (head.alarms.offer) return { head, duty: null };
  const wait = Math.min(REOFFER_SECONDS * 2 ** Math.max(0, head.offers - QUICK_OFFERS), LONGEST_REOFFER_SECONDS);
  const alarms = setAlarm(clearAlarms(head.alarms, ["due"]), "offer", plusSeconds(now, wait));
  return { head: { ...head, offers: head.offers + 1, alarms }, duty: { kind: "offer", due } };
}
