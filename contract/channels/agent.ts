/**
 * The agent's channel: `GET /agents/connect?pool=<name>`, a websocket of subprotocol `millrace.agent.v1`.
 *
 * An agent takes runs of one pool over one socket. Frames are JSON text; `ping` and `pong` are plain text, so that the
 * server's runtime answers them without waking the pool.
 *
 *   agent   auth → hello → (accept | decline | finished | renew | drain)*
 *   server  auth_success → welcome → (assign | cancel | lost)* → error before a close
 *
 * - A claim is `(run_id, generation)`. A frame that names an older generation changes nothing.
 * - `hello` with a `session` resumes it: the agent lists what it still runs, and `welcome.lost` says which of that is no
 *   longer its own. Those are killed and nothing is reported for them.
 * - The lease belongs to the session, and is prolonged by any frame of the agent; `renew` is the one sent for nothing else.
 * - Unknown fields are ignored on both sides, so that either may be the newer one by two minor versions.
 */
import { z } from "zod";

export {
  AGENT_ACCEPT_SECONDS,
  AGENT_CLOSE,
  AGENT_PING,
  AGENT_PING_SECONDS,
  AGENT_PONG,
  AGENT_PROTOCOL,
} from "./agent-protocol.ts";

const Generation = z.int().nonnegative();
const Claim = { run_id: z.uuid(), generation: Generation };

export const ClaimRef = z.object(Claim);
export type ClaimRef = z.infer<typeof ClaimRef>;

export const AgentAuth = z.object({ type: z.literal("auth"), token: z.string().max(8192) });

export const AgentHello = z.object({
  type: z.literal("hello"),
  v: z.literal(1),
  agent: z.object({
    id: z.uuid(),
    name: z.string().min(1).max(200),
    version: z.string().max(50),
  }),
  /** Runs the agent takes at once. */
  slots: z.int().min(1).max(10_000),
  /** A wish; the server answers with what it granted. */
  lease_seconds: z.int().min(5).max(600).optional(),
  /** The session of the connection before, when there was one. */
  session: z.object({ id: z.uuid(), generation: Generation }).optional(),
  /** Claims whose processes still run here. */
  running: z.array(ClaimRef).max(10_000).default([]),
});

export const AgentAccept = z.object({ type: z.literal("accept"), ...Claim });

/** The run was not begun and may be offered to another agent at once: no slot, draining, code cannot be fetched. */
export const AgentDecline = z.object({ type: z.literal("decline"), ...Claim, reason: z.string().max(2000) });

/** The run's process ended and its slot is free. Either `exit_code` or `signal` is null. */
export const AgentFinished = z.object({
  type: z.literal("finished"),
  ...Claim,
  exit_code: z.int().nullable(),
  signal: z.string().max(20).nullable(),
});

export const AgentRenew = z.object({ type: z.literal("renew") });

/** No more assignments, please; what runs is run to its end. */
export const AgentDrain = z.object({ type: z.literal("drain") });

/** Every frame an agent may send. */
export const AgentFrame = z.discriminatedUnion("type", [
  AgentAuth,
  AgentHello,
  AgentAccept,
  AgentDecline,
  AgentFinished,
  AgentRenew,
  AgentDrain,
]);
export type AgentFrame = z.infer<typeof AgentFrame>;
export type AgentHello = z.infer<typeof AgentHello>;

/** What an agent needs of a deployment to start one of its runs. */
export const AssignedDeployment = z.object({
  id: z.uuid(),
  name: z.string(),
  entrypoint: z.string().nullable(),
  path: z.string().nullable(),
  pull_steps: z.array(z.record(z.string(), z.unknown())).nullable(),
  job_variables: z.record(z.string(), z.unknown()),
});
export type AssignedDeployment = z.infer<typeof AssignedDeployment>;

/**
 * The part of the wire's flow run that an agent reads; the whole run is sent, and passed on to the run's process, which
 * therefore starts without asking the API for it.
 */
export const AssignedFlowRun = z.looseObject({
  id: z.uuid(),
  name: z.string(),
  flow_id: z.uuid(),
  parameters: z.record(z.string(), z.unknown()),
  run_count: z.int(),
  tags: z.array(z.string()),
  job_variables: z.record(z.string(), z.unknown()).nullable(),
});
export type AssignedFlowRun = z.infer<typeof AssignedFlowRun>;

export const ServerAuthSuccess = z.object({ type: z.literal("auth_success") });

export const ServerWelcome = z.object({
  type: z.literal("welcome"),
  session: z.object({ id: z.uuid(), generation: Generation }),
  lease_seconds: z.number().positive(),
  /** Of `hello.running`: those that are no longer this agent's. */
  lost: z.array(ClaimRef),
});

export const ServerAssign = z.object({
  type: z.literal("assign"),
  ...Claim,
  /** Bearer of the run's process: bound to workspace, run and generation. */
  token: z.string(),
  flow_run: AssignedFlowRun,
  flow_name: z.string(),
  deployment: AssignedDeployment.nullable(),
});

/** End the run's process: SIGTERM, then after the grace SIGKILL. */
export const ServerCancel = z.object({ type: z.literal("cancel"), ...Claim });

/** The claim is another's now: kill at once, report nothing. */
export const ServerLost = z.object({ type: z.literal("lost"), ...Claim });

/** Why the socket closes next. */
export const ServerError = z.object({ type: z.literal("error"), reason: z.string() });

/** Every frame the server may send to an agent. */
export const AgentServerFrame = z.discriminatedUnion("type", [
  ServerAuthSuccess,
  ServerWelcome,
  ServerAssign,
  ServerCancel,
  ServerLost,
  ServerError,
]);
export type AgentServerFrame = z.infer<typeof AgentServerFrame>;
export type ServerWelcome = z.infer<typeof ServerWelcome>;
export type ServerAssign = z.infer<typeof ServerAssign>;
