/**
 * How every client socket begins: with a credential, and nothing before it.
 *
 * AP7  Nothing is read, stored or sent before a valid credential. It comes with the upgrade, as Prefect's Cloud clients send it, or
 *      in the first frame of the subprotocol; whoever sends another frame first is closed with 1002 and a reason.
 * AP16 A socket does not outlive its credential: one whose key was revoked, or reaches the workspace no more, is closed. So is one
 *      whose other end is on the allow list of the account no more.
 */
import type { Scope } from "@millrace/contract/scopes.ts";
import { problemResponse } from "../api/refusal.ts";
import { rejected, workspaceInPath } from "../api/serve.ts";
import { authenticate, authenticateFrame, stillLets, stillReaches } from "../auth/authenticate.ts";
import { callerAddress } from "../auth/caller-address.ts";
import { allows, type Credential, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Crowd, MOST_SOCKETS } from "./crowd.ts";
import { closeQuietly, Inbox } from "./inbox.ts";

/** How a socket is closed for a bad frame or credential, for a rule that it broke, for a failure of ours, and for being too fast. */
export const PROTOCOL_ERROR = 1002;
export const POLICY_VIOLATION = 1008;
export const FAILED = 1011;
export const TRY_AGAIN_LATER = 1013;
/** Why a socket is closed whose other end is not on the list of the account. */
export const NOT_FROM_HERE = "Your address is not on the allow list of this account";
/** Milliseconds that a socket may be silent before its credential, or its filter, has come. */
export const HANDSHAKE = 10_000;

/** A socket whose credential holds, as its channel uses it. */
export interface Client {
  socket: WebSocket;
  inbox: Inbox;
  tenant: Tenant;
  credential: Credential;
}

export interface Channel {
  /** The subprotocol that a client names which sends its credential in a frame. */
  protocol: string;
  scope: Scope;
  /** A run's token opens it without the scope: it is shown its own run alone. */
  ownRun?: boolean;
  /** How a socket is closed whose credential does not hold, where its clients want to be told in a way of their own. */
  refusal?: { code: number; reason: string };
  /** Takes the socket once its credential holds; frames that come from then on are the channel's. */
  open(client: Client, env: Env, request: Request): Promise<void> | void;
}

/** Answers an upgrade. `lasting` keeps the Worker alive for work that goes on. */
export async function upgrade(
  channel: Channel,
  request: Request,
  env: Env,
  lasting: (work: Promise<unknown>) => void,
): Promise<Response> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json(
      { detail: "This is a websocket: ask for an upgrade." },
      { status: 426, headers: { upgrade: "websocket" } },
    );
  }
  const named = protocolsOf(request).includes(channel.protocol);
  const admitted = named ? null : await admitByHeader(channel, request, env);
  if (admitted instanceof Response) return admitted;
  const { 0: outer, 1: socket } = new WebSocketPair();
  socket.accept();
  const inbox = new Inbox(socket);
  const orClosed = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      console.error("A socket could not be opened", error);
      closeQuietly(socket, FAILED, "This cannot be opened just now: connect again");
    });
  if (admitted) lasting(orClosed(begin(channel, { ...admitted, socket, inbox }, env, request)));
  else if (named) lasting(orClosed(greet(channel, { socket, inbox }, request, env)));
  else closeQuietly(socket, PROTOCOL_ERROR, `Send an Authorization header, or the subprotocol '${channel.protocol}'`);
  const headers: Record<string, string> = named ? { "sec-websocket-protocol": channel.protocol } : {};
  return new Response(null, { status: 101, webSocket: outer, headers });
}

type Admitted = Pick<Client, "tenant" | "credential">;

/** The credential of the upgrade itself; null where it has none, a refusal where it does not hold. */
async function admitByHeader(channel: Channel, request: Request, env: Env): Promise<Admitted | Response | null> {
  if (!request.headers.has("authorization")) return null;
  const credential = await authenticate(request, env);
  if (typeof credential === "string") return problemResponse(rejected(credential).problem);
  const admitted = admit(channel, credential, request);
  return typeof admitted === "string" ? Response.json({ detail: admitted }, { status: 403 }) : admitted;
}

/** Waits for the auth frame, and opens the channel where its token holds. */
async function greet(
  channel: Channel,
  { socket, inbox }: Pick<Client, "socket" | "inbox">,
  request: Request,
  env: Env,
): Promise<void> {
  const refuse = (reason: string): void =>
    closeQuietly(socket, channel.refusal?.code ?? PROTOCOL_ERROR, channel.refusal?.reason ?? reason);
  const frame = await inbox.next(HANDSHAKE);
  if (frame?.type !== "auth") return refuse("The first frame must be auth");
  if (typeof frame.token !== "string" || frame.token === "") {
    return refuse("No token: set PREFECT_CLOUD_API_URL beside PREFECT_API_KEY, or PREFECT_API_AUTH_STRING");
  }
  const credential = await authenticateFrame(frame.token, request, env);
  if (credential === "invalid") return refuse("This credential is not valid: mistyped, expired or revoked");
  if (typeof credential === "string") return refuse(NOT_FROM_HERE);
  const admitted = admit(channel, credential, request);
  if (typeof admitted === "string") return refuse(admitted);
  socket.send(JSON.stringify({ type: "auth_success" }));
  await begin(channel, { ...admitted, socket, inbox }, env, request);
}

/** The sockets of this isolate. */
const crowd = new Crowd();
const CROWDED = `This credential has ${MOST_SOCKETS} sockets open: close some of them first`;

/** Milliseconds between two looks at the credential of an open socket; with the cache's age, 30 seconds at most. */
const RECHECKED = 10_000;

/** Opens the channel, and closes it when its credential does not hold any more. */
async function begin(channel: Channel, client: Client, env: Env, request: Request): Promise<void> {
  const { socket, inbox, credential, tenant } = client;
  const address = callerAddress(request, env);
  const leave = crowd.enter(credential.keyId ?? credential.claim?.run ?? credential.actor.id);
  if (!leave) return closeQuietly(socket, TRY_AGAIN_LATER, CROWDED);
  inbox.whenClosed(leave);
  const check = async (): Promise<void> => {
    try {
      if (!(await stillReaches(credential, tenant.workspace, env)))
        closeQuietly(socket, POLICY_VIOLATION, "The credential of this socket has expired or was revoked");
      else if (!(await stillLets(credential, tenant.workspace, address, env)))
        closeQuietly(socket, POLICY_VIOLATION, NOT_FROM_HERE);
    } catch (error) {
      console.error("The credential of a socket could not be looked up", error);
    }
  };
  const timer = setInterval(check, RECHECKED);
  inbox.whenClosed(() => clearInterval(timer));
  await channel.open(client, env, request);
}

/** Where the credential leads, or why it does not. */
function admit(channel: Channel, credential: Credential, request: Request): Admitted | string {
  const named = workspaceInPath(request.url);
  const reach = credential.reach.get(named?.workspace ?? credential.home);
  if (!reach || (named && named.account !== reach.account)) return "There is no such workspace for this credential";
  const asRun = channel.ownRun === true && credential.claim !== null;
  if (!asRun && !allows(credential, reach, channel.scope)) return `The credential lacks the scope ${channel.scope}`;
  const { workspace, account, shard } = reach;
  return { credential, tenant: { workspace, account, shard } };
}

export const protocolsOf = (request: Request): string[] =>
  (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
