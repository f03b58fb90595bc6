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
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { now } from "../kit/alarms.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";

/** The credential that opened a line. */
export interface Bearer {
  account: string;
  /** The key that it is or stands for; null for one that stands for itself. */
  key: string | null;
  /** When it ends; null: when its key is revoked. */
  expires: Instant | null;
}

/** What is known of a socket, kept with it while the object sleeps. */
interface Attachment extends Bearer {
  session: string | null;
  /** It was closed from here: what still comes over it counts no more. */
  over: boolean;
}

/** Tells agents' sockets from others of the object. */
const TAG = "agent";

export class AgentLines {
  readonly #ctx: DurableObjectState;
  /** When a frame of a session last came, or something was last sent to it that began its lease anew. */
  readonly #lastFrame = new Map<string, Instant>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(AGENT_PING, AGENT_PONG));
  }

  /** Takes the socket of an agent that has not said yet which session it is. */
  open({ account, key, expires }: Bearer): Response {
    const attachment: Attachment = { account, key, expires, session: null, over: false };
    return acceptSocket(this.#ctx, [TAG], attachment, [{ type: "auth_success" }]);
  }

  sessionOf(socket: WebSocket): string | null {
    return attachmentOf(socket).session;
  }

  isOver(socket: WebSocket): boolean {
    return attachmentOf(socket).over;
  }

  /** Closes the lines that a key opened; answers the sessions that hung on them. */
  revoke(key: string): string[] {
    return this.#endThose((bearer) => bearer.key === key, "The API key of this agent was revoked.");
  }

  /** Closes the lines whose credential is over by its own time; answers the sessions that hung on them. */
  expire(at: Instant): string[] {
    const over = ({ expires }: Bearer): boolean => expires !== null && expires <= at;
    return this.#endThose(over, "The credential of this agent has expired.");
  }

  /** When the first credential of an open line is over; null where none has an end. */
  firstExpiry(): Instant | null {
    const ends = this.#sockets().map(attachmentOf);
    return ends.reduce<Instant | null>(
      (first, { expires, over }) =>
        over || expires === null || (first !== null && first <= expires) ? first : expires,
      null,
    );
  }

  #endThose(isMeant: (bearer: Bearer) => boolean, reason: string): string[] {
    const meant = this.#sockets().filter((socket) => !this.isOver(socket) && isMeant(attachmentOf(socket)));
    const sessions = meant.flatMap((socket) => this.sessionOf(socket) ?? []);
    // Its lease goes on from the last sign of life, which the runtime knows of open lines alone.
    for (const session of sessions) this.#lastFrame.set(session, this.lastHeard(session));
    for (const socket of meant) {
      send(socket, { type: "error", reason });
      end(socket, AGENT_CLOSE.credential, reason);
    }
    return sessions;
  }

  /** From now on the session hangs on this socket. */
  join(socket: WebSocket, session: string): void {
    for (const other of this.#sockets()) {
      const attachment = attachmentOf(other);
      if (other === socket || attachment.session !== session) continue;
      end(other, AGENT_CLOSE.policy, "This session has a newer connection.");
    }
    socket.serializeAttachment({ ...attachmentOf(socket), session });
  }

  has(session: string): boolean {
    return this.#find(session) !== null;
  }

  /** The account of whoever authenticated the session's line. */
  accountOf(session: string): string {
    const socket = this.#find(session);
    return socket ? attachmentOf(socket).account : "";
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

  #sockets(): WebSocket[] {
    return this.#ctx.getWebSockets(TAG);
  }

  #find(session: string): WebSocket | null {
    return this.#sockets().find((socket) => attachmentOf(socket).session === session) ?? null;
  }
}

const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment() as Attachment;

/** Closes a line; no session hangs on it any more. */
function end(socket: WebSocket, code: number, reason: string): void {
  socket.serializeAttachment({ ...attachmentOf(socket), session: null, over: true });
  close(socket, code, reason);
}
