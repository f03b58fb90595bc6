/** The numbers and names of the agent's channel, for those who do not want its schemas and zod with them. */

/** The websocket subprotocol both sides must name. */
export const AGENT_PROTOCOL = "millrace.agent.v1";

/** What the agent sends as plain text every `AGENT_PING_SECONDS`, and what it gets. */
export const AGENT_PING = "ping";
export const AGENT_PONG = "pong";
export const AGENT_PING_SECONDS = 10;

/** Seconds an assignment waits for `accept` before the pool takes it back and offers it to others. */
export const AGENT_ACCEPT_SECONDS = 10;

/**
 * How the server closes the socket: a bad frame or credential; a refusal by policy; come back, the server restarts; the credential
 * that opened it was revoked or has expired, and no other one will be sent.
 */
export const AGENT_CLOSE = { protocol: 1002, policy: 1008, restart: 1012, credential: 4401 } as const;
