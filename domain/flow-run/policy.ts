/** The rules in force, in order of precedence: the first that objects decides. */
import type { Rule } from "./rule.ts";
import { cancelWithoutInfrastructure } from "./rules/cancel-without-infrastructure.ts";
import { cancellingEndsCancelled } from "./rules/cancelling-ends-cancelled.ts";
import { copyScheduledTime } from "./rules/copy-scheduled-time.ts";
import { keepResults } from "./rules/keep-results.ts";
import { leaveTerminalState } from "./rules/leave-terminal-state.ts";
import { onlyScheduledRunsAreLate } from "./rules/only-scheduled-runs-are-late.ts";
import { pause } from "./rules/pause.ts";
import { preventDuplicateTransitions } from "./rules/prevent-duplicate-transitions.ts";
import { preventPending } from "./rules/prevent-pending.ts";
import { resume } from "./rules/resume.ts";
import { retryFailed } from "./rules/retry-failed.ts";
import { waitForScheduledTime } from "./rules/wait-for-scheduled-time.ts";

/** For every transition that somebody asks for. A forced one passes only the rules that hold even then. */
export const corePolicy: readonly Rule[] = [
  preventDuplicateTransitions,
  keepResults,
  leaveTerminalState,
  cancellingEndsCancelled,
  cancelWithoutInfrastructure,
  preventPending,
  onlyScheduledRunsAreLate,
  pause,
  resume,
  copyScheduledTime,
  waitForScheduledTime,
  retryFailed,
];

/** For the server's own marking of late runs, which nothing but their state can hinder. */
export const latePolicy: readonly Rule[] = [onlyScheduledRunsAreLate];
