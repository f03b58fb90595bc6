/** The rules in force, in order of precedence: the first that objects decides. */
import type { Policy } from "../orchestration/rule.ts";
import { copyScheduledTime } from "../orchestration/rules/copy-scheduled-time.ts";
import { preventPending } from "../orchestration/rules/prevent-pending.ts";
import { waitForScheduledTime } from "../orchestration/rules/wait-for-scheduled-time.ts";
import type { Effect, Facts } from "./rule.ts";
import { cancelWithoutInfrastructure } from "./rules/cancel-without-infrastructure.ts";
import { cancellingEndsCancelled } from "./rules/cancelling-ends-cancelled.ts";
import { endedRunsAreNotTaken } from "./rules/ended-runs-are-not-taken.ts";
import { holdSlotOfOldClient } from "./rules/hold-slot-of-old-client.ts";
import { keepLease } from "./rules/keep-lease.ts";
import { keepResults } from "./rules/keep-results.ts";
import { lateRunsOfFullDeployment } from "./rules/late-runs-of-full-deployment.ts";
import { leaveTerminalState } from "./rules/leave-terminal-state.ts";
import { onlyScheduledRunsAreLate } from "./rules/only-scheduled-runs-are-late.ts";
import { pause } from "./rules/pause.ts";
import { preventDuplicateTransitions } from "./rules/prevent-duplicate-transitions.ts";
import { releaseSlot } from "./rules/release-slot.ts";
import { resume } from "./rules/resume.ts";
import { retryFailed } from "./rules/retry-failed.ts";
import { secureSlot } from "./rules/secure-slot.ts";
import { validateSlot } from "./rules/validate-slot.ts";
import type { FlowRun } from "./run.ts";

export type FlowRunPolicy = Policy<FlowRun, Facts, Effect>;

/** For every transition that somebody asks for. */
export const corePolicy: FlowRunPolicy = {
  rules: [
    keepLease,
    preventDuplicateTransitions,
    leaveTerminalState,
    endedRunsAreNotTaken,
    keepResults,
    cancellingEndsCancelled,
    cancelWithoutInfrastructure,
    preventPending,
    validateSlot,
    secureSlot,
    holdSlotOfOldClient,
    onlyScheduledRunsAreLate,
    pause,
    resume,
    copyScheduledTime,
    waitForScheduledTime,
    retryFailed,
  ],
  consequences: [releaseSlot],
};

/** For transitions that are forced: the few rules that hold even then. */
export const minimalPolicy: FlowRunPolicy = {
  rules: [keepLease, keepResults, cancelWithoutInfrastructure],
  consequences: [releaseSlot],
};

/** For the server's own marking of late runs, which nothing but their state and a full deployment can hinder. */
export const latePolicy: FlowRunPolicy = {
  rules: [onlyScheduledRunsAreLate, lateRunsOfFullDeployment],
  consequences: [],
};

/** For what the service itself brings about: the books are kept, nothing objects. */
export const unruled: FlowRunPolicy = { rules: [], consequences: [releaseSlot] };
