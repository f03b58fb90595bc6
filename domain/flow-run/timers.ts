/**
 * What time alone brings about in a run: the timers that a state sets when it is entered, and what becomes of the run when one
 * of them rings.
 *
 * T1  A timer is set when its state is entered and dropped when that is left; what rings for an older state finds nothing.
 * T2  Timers that judge the silence of others (nobody starts the run, its process does not report) count only the time in which
 *     the service was there to hear: one that rings much later than it was set for begins anew.
 */
import type { Alarms } from "../alarms.ts";
import { isTerminal, type StateInput } from "../state.ts";
import { type Instant, instant, plusSeconds, SECOND, secondsBetween } from "../time.ts";
import { waitsInProcess } from "./claim.ts";
import { corePolicy, type FlowRunPolicy, latePolicy, minimalPolicy } from "./policy.ts";
import type { FlowRun } from "./run.ts";

export const TIMERS = ["late", "pause", "cancelling", "timeout", "heartbeat"] as const;
export type Timer = (typeof TIMERS)[number];

/** Seconds after its due time when a run that nobody started is late. */
const LATE_AFTER = 15;
/** Seconds for which a run may be CANCELLING; its process had its time to end, and so had its agent. */
const CANCELLING_FOR = 300;
/** Seconds beyond a run's own time-out before the server enforces it: its process does so itself if it can. */
const TIMEOUT_GRACE = 15;
/** Heartbeats that may be missed, and the least seconds of silence that count for something. */
const MISSED_BEATS = 3;
const LEAST_SILENCE = 90;
/** Seconds between heartbeats of a client that says nothing else: Prefect's default. */
const USUAL_BEAT = 180;
/** Seconds beyond which two signs of life are of two attempts, and say nothing of how often they come. */
const LONGEST_BEAT = 1_800;
/** Seconds by which a timer may ring late and still be believed about others' silence. */
const PUNCTUAL = 5;

/** The label by which a run says after how many seconds of RUNNING it is to be ended. */
export const TIMEOUT_LABEL = "millrace.timeout-seconds";

/** The last sign of life of a run's process; `every`: seconds between the last two, null after the first. */
export interface Heartbeat {
  at: Instant;
  every: number | null;
}

/** The timers that the state of the run sets. */
export function timersOf(run: FlowRun): Alarms {
  const { state } = run;
  const timers: { [timer in Timer]?: Instant } = {};
  if (state?.type === "SCHEDULED" && state.name === "Scheduled" && !waitsInProcess(run)) {
    const due = state.details.scheduledTime ?? state.timestamp;
    timers.late = plusSeconds(instant(Math.max(due, state.timestamp)), LATE_AFTER);
  }
  if (state?.type === "PAUSED" && state.details.pauseTimeout !== null)
    timers.pause = instant(state.details.pauseTimeout + 1);
  if (state?.type === "CANCELLING") timers.cancelling = plusSeconds(state.timestamp, CANCELLING_FOR);
  const timeout = run.labels[TIMEOUT_LABEL];
  if (state?.type === "RUNNING" && typeof timeout === "number" && timeout > 0) {
    timers.timeout = plusSeconds(state.timestamp, timeout + TIMEOUT_GRACE);
  }
  return timers;
}

/** The sign of life after another one. */
export function beaten(before: Heartbeat | null, at: Instant): Heartbeat {
  if (before === null) return { at, every: null };
  const since = secondsBetween(before.at, at);
  return { at, every: since > LONGEST_BEAT ? before.every : Math.max(1, since) };
}

/** When silence since `beat` becomes a loss; null where the run is not one whose process should be heard of. */
export function silentBy(run: FlowRun, { at, every }: Heartbeat): Instant | null {
  const type = run.state?.type;
  if (type !== "RUNNING" && type !== "CANCELLING") return null;
  return plusSeconds(at, Math.max(LEAST_SILENCE, MISSED_BEATS * (every ?? USUAL_BEAT)));
}

/** `enter`: a state to be proposed under a policy. `again`: the timer is to ring once more then. */
export type Elapsed =
  | { kind: "enter"; to: StateInput; policy: FlowRunPolicy }
  | { kind: "again"; at: Instant }
  | { kind: "nothing" };

const NOTHING: Elapsed = { kind: "nothing" };

/** What follows when `timer`, set for `set`, rings at `now`. */
export function elapsed(
  timer: Timer,
  run: FlowRun,
  { set, now, beat }: { set: Instant; now: Instant; beat: Heartbeat | null },
): Elapsed {
  const { state } = run;
  if (state === null || isTerminal(state.type)) return NOTHING;
  const believed = now - set <= PUNCTUAL * SECOND;
  switch (timer) {
    case "late": {
      if (state.type !== "SCHEDULED" || state.name !== "Scheduled") return NOTHING;
      if (!believed) return { kind: "again", at: plusSeconds(now, LATE_AFTER) };
      const details = { scheduledTime: run.nextScheduledStartTime };
      return { kind: "enter", to: { type: "SCHEDULED", name: "Late", details }, policy: latePolicy };
    }
    case "pause": {
      if (state.type !== "PAUSED" || (state.details.pauseTimeout ?? now) >= now) return NOTHING;
      const how = state.details.pauseReschedule ? "suspended" : "paused";
      const message = `The run was ${how}, and nobody resumed it in time.`;
      return { kind: "enter", to: { type: "FAILED", message }, policy: minimalPolicy };
    }
    case "cancelling": {
      if (state.type !== "CANCELLING") return NOTHING;
      const message = `Nobody confirmed the cancellation within ${CANCELLING_FOR} s.`;
      return { kind: "enter", to: { type: "CANCELLED", message }, policy: corePolicy };
    }
    case "timeout": {
      if (state.type !== "RUNNING") return NOTHING;
      const message = `The run was not done after ${run.labels[TIMEOUT_LABEL]} s, and did not end itself.`;
      return { kind: "enter", to: { type: "FAILED", name: "TimedOut", message }, policy: minimalPolicy };
    }
    case "heartbeat": {
      const silent = beat && silentBy(run, beat);
      if (!beat || silent === null) return NOTHING;
      if (silent > now) return { kind: "again", at: silent };
      if (!believed) return { kind: "again", at: instant(now + (silent - beat.at)) };
      const seconds = Math.round((now - beat.at) / SECOND);
      if (state.type === "CANCELLING") {
        const message = `Its process stopped sending heartbeats ${seconds} s ago, while it was being cancelled.`;
        return { kind: "enter", to: { type: "CANCELLED", message }, policy: minimalPolicy };
      }
      const message = `Its process stopped sending heartbeats: the last one came ${seconds} s ago.`;
      return { kind: "enter", to: { type: "CRASHED", message }, policy: minimalPolicy };
    }
    default:
      return timer satisfies never;
  }
}
