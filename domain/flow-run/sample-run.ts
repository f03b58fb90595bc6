/** Runs and states for tests, in this room and others: a blank run, changed where the test cares. */
import type { Verdict as SomeVerdict } from "../orchestration/judge.ts";
import type { Orchestrated } from "../orchestration/rule.ts";
import { newState, type State, type StateDetails, type StateType } from "../state.ts";
import { type Instant, instant, plusSeconds } from "../time.ts";
import { runPolicy } from "./create.ts";
import { decide, type Verdict } from "./decide.ts";
import type { FlowRunPolicy } from "./policy.ts";
import { type Facts, NO_FACTS, type Rule } from "./rule.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

/** The moment at which samples are judged: 2026-11-24 12:00 UTC. */
export const NOW = instant(1_795_521_600_000_000);

/** `NOW` moved by so many seconds. */
export const at = (seconds: number): Instant => plusSeconds(NOW, seconds);

/** Ids that can be told apart in a failing test: "id-1", "id-2" and so on. */
export function sampleIds(): () => string {
  let count = 0;
  return () => `id-${++count}`;
}

interface SampleState {
  name?: string;
  timestamp?: Instant;
  data?: State["data"];
  message?: string | null;
  details?: Partial<StateDetails>;
}

/** A state that was entered a minute before `NOW`, unless it says otherwise. */
export function sampleState(type: StateType, { timestamp = at(-60), ...input }: SampleState = {}): State {
  return newState({ type, ...input }, { id: `state-${type.toLowerCase()}`, now: timestamp });
}

/** A run in `state`, made an hour before `NOW`. */
export function sampleRun(
  state: State | null = null,
  { policy, ...changes }: Partial<Omit<FlowRun, "policy" | "state">> & { policy?: Partial<RunPolicy> } = {},
): FlowRun {
  return {
    id: "run-1",
    created: at(-3600),
    updated: at(-60),
    name: "steady-heron",
    flowId: "flow-1",
    deploymentId: null,
    deploymentVersion: null,
    deploymentVersionId: null,
    workPoolId: null,
    workPoolName: null,
    workQueueId: null,
    workQueueName: null,
    flowVersion: null,
    parameters: {},
    idempotencyKey: null,
    context: {},
    tags: [],
    labels: {},
    parentTaskRunId: null,
    runCount: 0,
    expectedStartTime: at(-3600),
    nextScheduledStartTime: null,
    startTime: null,
    endTime: null,
    totalRunTime: 0,
    autoScheduled: false,
    infrastructureDocumentId: null,
    infrastructurePid: null,
    createdBy: null,
    jobVariables: {},
    ...changes,
    policy: runPolicy(policy),
    state,
  };
}

/** What `decide` makes of a proposal under a policy, or under some rules alone, at `NOW`. */
export function judged(
  rules: readonly Rule[] | FlowRunPolicy,
  run: FlowRun,
  to: State,
  facts: Partial<Facts> = {},
): Verdict {
  const policy = "rules" in rules ? rules : { rules, consequences: [] };
  return decide(policy, { run, to, now: NOW, newId: sampleIds(), facts: { ...NO_FACTS, ...facts } });
}

/** The same in short: what a table of cases compares. */
export const outcome = (...of: Parameters<typeof judged>): string => inShort(judged(...of));

/** A verdict in a few words. */
export function inShort(verdict: SomeVerdict<Orchestrated, unknown>): string {
  switch (verdict.kind) {
    case "accept":
      return `accept ${verdict.state.name}`;
    case "reject":
      return verdict.changed ? `reject, now ${verdict.state.name}` : `reject, still ${verdict.state.name}`;
    case "wait":
      return `wait ${verdict.seconds}`;
    case "abort":
      return "abort";
  }
}
