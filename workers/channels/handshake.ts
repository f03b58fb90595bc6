/**
 * How every client socket begins: subprotocol, one auth frame, one answer.
 *
 * AP7  Nothing is read, stored or sent before a frame with a valid credential; whoever sends another is closed with 1002 and a reason.
 */
import { allows, type Credential, type Reach, type Tenant } from "../auth/credential.ts";
import { authenticateFrame } from "../auth/authenticate.ts";
import type { Scope } from "@millrace/contract/scopes.ts";
import type { Env } from "../env.ts";
import { workspaceInPath } from "../api/serve.ts";

/** How a socket is closed for a bad frame or credential, and for a rule that it broke. */
const PROTOCOL_ERROR = 1002;
export const POLICY_VIOLATION = 1008;
/** Milliseconds that a socket may be silent before its credential has come. */
const HANDSHAKE = 10_000;
/** Longest frame that is read, in characters. */
export const LONGEST_FRAME = 2 * 1024 * 1024;

/** One end of an accepted socket, as its channel uses it. */
export interface Client {
  socket: WebSocket;
  tenant: Tenant;
  credential: Credential;
}

export interface Channel {
  /** The subprotocol that a client must name. */
  protocol: string;
  scope: Scope;
  /** Takes the socket once its credential holds; frames that come from then on are the channel's. */
  open(client: Client, env: Env, request: Request): Promise<void> | void;
}

/** Answers an upgrade. `lasting` keeps the Worker alive for work that goes on. */
export function upgrade(
  channel: Channel,
  request: Request,
  env: Env,
  lasting: (work: Promise<unknown>) => void,
): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json(
      { detail: "This is a websocket: ask for an upgrade." },
      { status: 426, headers: { upgrade: "websocket" } },
    );
  }
  const { 0: outer, 1: socket } = new WebSocketPair();
  socket.accept();
  const protocols = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  if (!protocols.includes(channel.protocol)) {
    socket.close(PROTOCOL_ERROR, `The subprotocol '${channel.protocol}' is required`);
    return new Response(null, { status: 101, webSocket: outer });
  }
  lasting(greet(channel, socket, request, env));
  return new Response(null, { status: 101, webSocket: outer, headers: { "sec-websocket-protocol": channel.protocol } });
}

async function greet(channel: Channel, socket: WebSocket, request: Request, env: Env): Promise<void> {
  const refuse = (reason: string): void => closeQuietly(socket, PROTOCOL_ERROR, reason);
  const first = await nextFrame(socket);
  if (first === null) return refuse("No auth frame came in time");
  const frame = readFrame(first);
  if (frame?.type !== "auth") return refuse("The first frame must be auth");
  if (typeof frame.token !== "string" || frame.token === "") {
    return refuse(
      "No token. Set PREFECT_CLOUD_API_URL with a workspace API URL, or PREFECT_API_AUTH_STRING=<key id>:<secret>",
    );
  }
  const credential = await authenticateFrame(frame.token, env);
  if (!credential) return refuse("This credential is not valid: mistyped, expired or revoked");
  const reach = reachOf(credential, request);
  if (!reach) return refuse("There is no such workspace for this credential");
  if (!allows(credential, reach, channel.scope)) return refuse(`The credential lacks the scope ${channel.scope}`);
  socket.send(JSON.stringify({ type: "auth_success" }));
  const { workspace, account, shard } = reach;
  await channel.open({ socket, credential, tenant: { workspace, account, shard } }, env, request);
}

function reachOf(credential: Credential, request: Request): Reach | null {
  const named = workspaceInPath(request.url);
  const reach = credential.reach.get(named?.workspace ?? credential.home);
  return reach && (!named || named.account === reach.account) ? reach : null;
}

/** The next frame as text; null where none came in time or the socket closed. */
export function nextFrame(socket: WebSocket, within = HANDSHAKE): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (text: string | null): void => {
      clearTimeout(timer);
      socket.removeEventListener("message", onMessage);
      socket.removeEventListener("close", onClose);
      resolve(text);
    };
    const onMessage = ({ data }: MessageEvent): void =>
      done(typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer));
    const onClose = (): void => done(null);
    const timer = setTimeout(() => done(null), within);
    socket.addEventListener("message", onMessage);
    socket.addEventListener("close", onClose);
  });
}

/** A frame as an object; null for what is none. */
export function readFrame(text: string): { type?: unknown; [field: string]: unknown } | null {
  if (text.length > LONGEST_FRAME) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { type?: unknown }) : null;
  } catch {
    return null;
  }
}

export function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.slice(0, 120));
  } catch {
    // Closed meanwhile.
  }
}
