/**
 * The sockets of a pool's agents: which session hangs on which, and when a session was last heard of.
 *
 * WP9  A session has one line: a newer one takes the place of an older one, which is closed.
 * WP16 A line ends with the credential that opened it.
 *
 * Agents hang on hibernating websockets. Their pings are answered by the runtime, and when the last one came is read from there, so
 * that an idle agent costs nothing.
 */
import { AGENT_CLOSE, AGENT_PING, AGENT_PONG } from "@millrace/contract/channels/agent.ts";
import { type Allowed, lets } from "@millrace/domain/access/allow-list.ts";
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { now } from "../kit/alarms.ts";
import { close, openSocket, send } from "../kit/sockets.ts";

/** The credential that opened a line. */
export interface Bearer {
  account: string;
  /** The key that it is or stands for; null for one that stands for itself. */
  key: string | null;
  /** From where; null where that is not known. */
  address: string | null;
  /** When it ends; null: when its key is revoked. */
  expires: Instant | null;
}

/** What is known of a socket, kept with it while the object sleeps. */
interface Attachment extends Bearer {
  session: string | null;
  /** It was closed from here: what still comes over it counts no more. */
  over: boolean;
}

/** Agents of one key that may hang on a pool at once. */
const MOST_LINES = 2_000;
/** Tells agents' sockets from others of the object. */
const TAG = "agent";

export class AgentLines {
  readonly #ctx: DurableObjectState;
  /** When a frame of a session last came, or something was last sent to it that began its lease anew. */
  readonly #lastFrame = new Map<string, Instant>();
  /**
   * What lies with each socket, and the socket of each session: read from the sockets once when the object wakes, so that a frame of
   * one agent costs the same among a thousand others.
   */
  #known: Map<WebSocket, Attachment> | null = null;
  readonly #bySession = new Map<string, WebSocket>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(AGENT_PING, AGENT_PONG));
  }

  /** Takes the socket of an agent that has not said yet which session it is; 429 where its key has as many as it may. */
  open({ account, key, address, expires }: Bearer): Response {
    const lines = [...this.#all().values()].filter((line) => !line.over && key !== null && line.key === key);
    if (lines.length >= MOST_LINES) return new Response(null, { status: 429 });
    const attachment: Attachment = { account, key, address, expires, session: null, over: false };
    const { socket, response } = openSocket(this.#ctx, [TAG], attachment, [{ type: "auth_success" }]);
    this.#all().set(socket, attachment);
    return response;
  }

  sessionOf(socket: WebSocket): string | null {
    return this.#attachmentOf(socket).session;
  }

  isOver(socket: WebSocket): boolean {
    return this.#attachmentOf(socket).over;
  }

  /** The socket has ended by itself. */
  gone(socket: WebSocket): void {
    const { session } = this.#attachmentOf(socket);
    if (session !== null && this.#bySession.get(session) === socket) this.#bySession.delete(session);
    this.#all().delete(socket);
  }

  /** Closes the lines that a key opened; answers the sessions that hung on them. */
  revoke(key: string): string[] {
    const isMeant = (bearer: Bearer): boolean => bearer.key === key;
    return this.#endThose(isMeant, "The API key of this agent was revoked.", AGENT_CLOSE.credential);
  }

  /** Closes the lines from addresses that are not let in any more; answers the sessions that hung on them. */
  allow(allowed: Allowed): string[] {
    const isOut = ({ address }: Bearer): boolean => !lets(allowed, address);
    return this.#endThose(
      isOut,
      "The address of this agent is not on the allow list of the account.",
      AGENT_CLOSE.policy,
    );
  }

  /** Closes the lines whose credential is over by its own time; answers the sessions that hung on them. */
  expire(at: Instant): string[] {
    const over = ({ expires }: Bearer): boolean => expires !== null && expires <= at;
    return this.#endThose(over, "The credential of this agent has expired.", AGENT_CLOSE.credential);
  }

  /** When the first credential of an open line is over; null where none has an end. */
  firstExpiry(): Instant | null {
    let first: Instant | null = null;
    for (const { expires, over } of this.#all().values())
      if (!over && expires !== null && (first === null || expires < first)) first = expires;
    return first;
  }

  #endThose(isMeant: (bearer: Bearer) => boolean, reason: string, code: number): string[] {
    const meant = [...this.#all()].filter(([, bearer]) => !bearer.over && isMeant(bearer));
    const sessions = meant.flatMap(([, { session }]) => session ?? []);
    // Its lease goes on from the last sign of life, which the runtime knows of open lines alone.
    for (const session of sessions) this.#lastFrame.set(session, this.lastHeard(session));
    for (const [socket] of meant) {
      send(socket, { type: "error", reason });
      this.#end(socket, code, reason);
    }
    return sessions;
  }

  /** From now on the session hangs on this socket. */
  join(socket: WebSocket, session: string): void {
    const other = this.#find(session);
    if (other && other !== socket) this.#end(other, AGENT_CLOSE.policy, "This session has a newer connection.");
    this.#keep(socket, { ...this.#attachmentOf(socket), session });
    this.#bySession.set(session, socket);
  }

  has(session: string): boolean {
    return this.#find(session) !== null;
  }

  /** The credential that opened the session's line; null where it has none. */
  bearerOf(session: string): Bearer | null {
    const socket = this.#find(session);
    return socket && this.#attachmentOf(socket);
  }

  /** Sends a frame; false where the session has no line. */
  tell(session: string, frame: unknown): boolean {
    const socket = this.#find(session);
    if (socket) send(socket, frame);
    return socket !== null;
  }

  close(session: string, reason: string): void {
    const socket = this.#find(session);
    if (socket) close(socket, AGENT_CLOSE.policy, reason);
  }

  refuse(socket: WebSocket, reason: string): void {
    send(socket, { type: "error", reason });
    close(socket, AGENT_CLOSE.protocol, reason);
  }

  /** Something of the session came. Memory is enough: pings are known to the runtime, and a crash ends the line. */
  heard(session: string): void {
    this.#lastFrame.set(session, now());
  }

  /** When something of the session last came over its present line or one before; 0 where nothing is known. */
  lastHeard(session: string): Instant {
    const socket = this.#find(session);
    const pinged = socket ? this.#ctx.getWebSocketAutoResponseTimestamp(socket) : null;
    const frame = this.#lastFrame.get(session) ?? (0 as Instant);
    return pinged ? (Math.max(frame, fromMilliseconds(pinged.getTime())) as Instant) : frame;
  }

  #find(session: string): WebSocket | null {
    this.#all();
    return this.#bySession.get(session) ?? null;
  }

  #attachmentOf(socket: WebSocket): Attachment {
    return this.#all().get(socket) ?? (socket.deserializeAttachment() as Attachment);
  }

  #all(): Map<WebSocket, Attachment> {
    if (this.#known !== null) return this.#known;
    const sockets = this.#ctx.getWebSockets(TAG);
    this.#known = new Map(sockets.map((socket) => [socket, socket.deserializeAttachment() as Attachment]));
    for (const [socket, { session }] of this.#known) if (session !== null) this.#bySession.set(session, socket);
    return this.#known;
  }

  #keep(socket: WebSocket, attachment: Attachment): void {
    this.#all().set(socket, attachment);
    socket.serializeAttachment(attachment);
  }

  /** Closes a line; no session hangs on it any more. */
  #end(socket: WebSocket, code: number, reason: string): void {
    const attachment = this.#attachmentOf(socket);
    if (attachment.session !== null) this.#bySession.delete(attachment.session);
    this.#keep(socket, { ...attachment, session: null, over: true });
    close(socket, code, reason);
  }
}
