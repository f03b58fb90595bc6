/**
 * Why does a run not run? A list of checks in the order in which they would have to be mended, each from what is recorded: none
 * is a guess, and what nobody knows is called so.
 */
import { isTerminal } from "../state.ts";
import { formatInstant, type Instant, secondsBetween } from "../time.ts";
import type { Claim } from "./claim.ts";
import type { FlowRun } from "./run.ts";
import { type Heartbeat, silentBy } from "./timers.ts";

/** `blocked`: the run waits for this. `passed`: it does not. `unknown`: whoever knows did not answer. */
export type CheckVerdict = "passed" | "blocked" | "unknown";

/** What can be done about it at once, by whoever reads the check. */
export const REMEDIES = [
  "resume-pool",
  "resume-queue",
  "resume-run",
  "start-agent",
  "start-now",
  "cancel-by-force",
] as const;
export type Remedy = (typeof REMEDIES)[number];

export interface Check {
  name: string;
  verdict: CheckVerdict;
  /** Since when it is so, where that is recorded. */
  since: Instant | null;
  message: string;
  /** What to do about it; null where there is nothing to do, or nothing to be done. */
  fix: string | null;
  /** The fix as a thing to be done, where it is one. */
  remedy: Remedy | null;
}

export interface Evidence {
  run: FlowRun;
  now: Instant;
  claim: Claim | null;
  /** How often it was sent to its pool since it last became ready, and when it will be again. */
  offers: number;
  nextOffer: Instant | null;
  heartbeat: Heartbeat | null;
  /** Null: it has none. "gone": it was deleted. */
  deployment: { name: string; paused: boolean } | "gone" | null;
  /** Null: it has none. */
  pool: PoolEvidence | "gone" | "unknown" | null;
  /** The limit of its deployment; null: there is none. */
  limit: LimitEvidence | "unknown" | null;
}

/** As much of it as the run's own object knows. */
export type RunEvidence = Pick<Evidence, "run" | "claim" | "offers" | "nextOffer" | "heartbeat" | "limit">;

export interface PoolEvidence {
  name: string;
  paused: boolean;
  /** What its queue says of the run; null: nothing that holds it up. */
  queue: "queue_paused" | "queue_limit" | null;
  /** Runs at once; null: as many as there are slots. */
  limit: number | null;
  taken: number;
  /** Agents, and workers that poll: those say nothing of slots, which is null. */
  agents: readonly { name: string; online: boolean; seen: Instant; free: number | null }[];
}

export interface LimitEvidence {
  name: string;
  limit: number;
  taken: number;
  holders: readonly { id: string; since: Instant }[];
}

/** All checks that concern the run as it stands, the first blocked one being what it waits for. */
export function diagnose(evidence: Evidence): Check[] {
  const { run } = evidence;
  const { state } = run;
  if (state === null) return [blocked("state", null, "The run has no state yet.", "Propose one.")];
  if (isTerminal(state.type)) return [passed("state", `The run has ended: it is ${state.name}.`, state.timestamp)];
  switch (state.type) {
    case "RUNNING":
      return [passed("state", "The run is running.", state.timestamp), ...signs(evidence)];
    case "CANCELLING":
      return [cancelling(evidence), ...signs(evidence)];
    case "PAUSED":
      return [paused(evidence)];
    default:
      return [due(evidence), ...ways(evidence)];
  }
}

function due({ run, now }: Evidence): Check {
  const at = run.state?.details.scheduledTime ?? null;
  const since = run.state?.timestamp ?? null;
  if (at === null || at <= now) return passed("due", "The run is due.", at);
  const when = formatInstant(at);
  if (run.state?.name === "AwaitingRetry")
    return blocked("due", since, `It failed, and is tried again at ${when}.`, null, "start-now");
  if (run.state?.name === "AwaitingConcurrencySlot") {
    return blocked("due", since, `It found no free slot, and asks again at ${when}.`, "Wait, or raise the limit.");
  }
  return blocked("due", since, `It is scheduled for ${when}.`, "Wait, or schedule it for now.", "start-now");
}

/** What lies between a run that is due and a process that executes it. Whoever has claimed it has passed all that stands before. */
function ways(evidence: Evidence): Check[] {
  const { run, claim, deployment, pool } = evidence;
  const checks: Check[] = [];
  if (deployment === "gone")
    checks.push(blocked("deployment", null, "Its deployment was deleted.", "Cancel the run, or deploy it again."));
  else if (deployment) checks.push(passed("deployment", sentence(deployment)));
  if (claim) return [...checks, claimed(evidence, claim)];
  checks.push(...limit(evidence));
  if (pool === null) {
    const message =
      run.deploymentId === null
        ? "It belongs to no deployment: the program that made it runs it."
        : "Its deployment has no work pool: only a process that serves the deployment picks it up.";
    const fix =
      run.deploymentId === null
        ? "Start that program."
        : "Start the process that serves it, or give the deployment a pool.";
    return [...checks, blocked("pool", null, message, fix)];
  }
  if (pool === "gone")
    return [...checks, blocked("pool", null, "Its work pool was deleted.", "Move the deployment to another pool.")];
  if (pool === "unknown") return [...checks, unknown("pool", "Its work pool does not answer.")];
  checks.push(...inPool(pool));
  return [...checks, offered(evidence)];
}

/** Whoever pauses a deployment stops its schedules; a run that is there goes its way. */
const sentence = ({ name, paused: still }: { name: string; paused: boolean }): string =>
  still
    ? `Its deployment ${name} is paused, which stops its schedules and not this run.`
    : `Its deployment ${name} is active.`;

function inPool({ name, paused: still, queue, limit: most, taken, agents }: PoolEvidence): Check[] {
  const online = agents.filter((agent) => agent.online);
  const seen = agents.reduce<Instant | null>((last, { seen: at }) => (last === null || at > last ? at : last), null);
  const full = online.length > 0 && online.every(({ free }) => free !== null && free <= 0);
  const lastSeen = seen === null ? "None was ever seen" : `The last one was seen at ${formatInstant(seen)}`;
  return [
    still
      ? blocked("pool", null, `Its work pool ${name} is paused.`, "Resume the pool.", "resume-pool")
      : passed("pool", `Its work pool ${name} gives out runs.`),
    ...(queue === "queue_paused"
      ? [blocked("queue", null, "Its queue is paused.", "Resume the queue.", "resume-queue")]
      : []),
    ...(queue === "queue_limit"
      ? [
          blocked(
            "queue",
            null,
            "Its queue has as many runs under way as it may.",
            "Wait for one to end, or raise the queue's limit.",
          ),
        ]
      : []),
    ...(most !== null && taken >= most
      ? [
          blocked(
            "pool-limit",
            null,
            `Of the ${most} runs that the pool may have at once, ${taken} are under way.`,
            "Wait for one to end, or raise the limit.",
          ),
        ]
      : []),
    online.length === 0
      ? blocked(
          "agents",
          seen,
          `No agent or worker of this pool is connected. ${lastSeen}.`,
          `Start one: millrace agent start --pool ${name}`,
          "start-agent",
        )
      : passed(
          "agents",
          `Of the pool's agents and workers ${online.length === 1 ? "one is" : `${online.length} are`} connected.`,
        ),
    ...(full
      ? [
          blocked(
            "slots",
            null,
            `All slots of the agents that are connected (${online.length}) are taken.`,
            "Wait, start another agent, or give one more slots.",
          ),
        ]
      : []),
  ];
}

function limit({ limit: found }: Evidence): Check[] {
  if (found === null) return [];
  if (found === "unknown") return [unknown("limit", "The concurrency limit of its deployment does not answer.")];
  const { name, limit: most, taken, holders } = found;
  if (taken < most) return [passed("limit", `${taken} of ${most} slots of the limit ${name} are taken.`)];
  const since = holders[0]?.since ?? null;
  const who = holders
    .slice(0, 3)
    .map(({ id }) => id)
    .join(", ");
  const message = `The limit ${name} is reached: ${taken} of ${most} slots are taken${who ? `, the first by ${who}` : ""}.`;
  return [blocked("limit", since, message, "Wait for a slot, release one by hand, or raise the limit.")];
}

function offered({ offers, nextOffer }: Evidence): Check {
  const again = nextOffer === null ? "" : ` It is offered again at ${formatInstant(nextOffer)}.`;
  return passed(
    "dispatch",
    offers === 0
      ? "It was not offered to its pool yet."
      : `It was offered to its pool ${offers === 1 ? "once" : `${offers} times`}.${again}`,
  );
}

function claimed({ run, now }: Evidence, { agent, since }: Claim): Check {
  const seconds = Math.max(0, Math.round(secondsBetween(since, now)));
  return blocked(
    "claim",
    since,
    `Agent ${agent} has had it for ${seconds} s and reports ${run.state?.name}.`,
    "Look at the agent's output.",
  );
}

/** The signs of life of a run that a process should have. */
function signs({ run, now, claim, heartbeat }: Evidence): Check[] {
  const checks: Check[] = [];
  if (claim) checks.push(passed("claim", `Agent ${claim.agent} has it.`, claim.since));
  const silent = heartbeat && silentBy(run, heartbeat);
  if (heartbeat && silent !== null) {
    const seconds = Math.max(0, Math.round(secondsBetween(heartbeat.at, now)));
    const message = `Its process sent a heartbeat ${seconds} s ago.`;
    checks.push(
      silent > now
        ? passed("heartbeat", message, heartbeat.at)
        : blocked("heartbeat", heartbeat.at, message, "Its process seems to be gone: look at its machine."),
    );
  }
  return checks;
}

function cancelling({ run, claim }: Evidence): Check {
  const who = claim ? `agent ${claim.agent}` : "its process";
  return blocked(
    "cancellation",
    run.state?.timestamp ?? null,
    `It is being cancelled: ${who} has not confirmed it.`,
    "Wait, or set it to CANCELLED by force.",
    "cancel-by-force",
  );
}

function paused({ run }: Evidence): Check {
  const { timestamp = null, details = null } = run.state ?? {};
  const asks = details?.runInputKeyset ? "waits for input" : "waits to be resumed";
  const until = details?.pauseTimeout ? ` until ${formatInstant(details.pauseTimeout)}` : "";
  return blocked("paused", timestamp, `It is paused, and ${asks}${until}.`, "Resume it.", "resume-run");
}

const passed = (name: string, message: string, since: Instant | null = null): Check => ({
  ...{ name, verdict: "passed", since, message },
  ...{ fix: null, remedy: null },
});
const blocked = (
  name: string,
  since: Instant | null,
  message: string,
  fix: string | null,
  remedy: Remedy | null = null,
): Check => ({ name, verdict: "blocked", since, message, fix, remedy });
const unknown = (name: string, message: string): Check => ({
  ...{ name, verdict: "unknown", since: null, message },
  ...{ fix: "Try again.", remedy: null },
});
