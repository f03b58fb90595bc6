/**
 * What agents say over their lines and what they are answered; their sessions with the leases that go on when a line has ended.
 *
 * WP24 A lease counts only the time in which the pool was there to hear.
 * WP8  A frame that names another claim than the live one changes nothing.
 */
import { AgentFrame, type AgentHello } from "@millrace/contract/channels/agent.ts";
import type { WireAgent } from "@millrace/contract/work-pools.ts";
import { formatInstant, type Instant, MILLISECOND, SECOND } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { now } from "../kit/alarms.ts";
import { send } from "../kit/sockets.ts";
import type { AgentLines } from "./agent-lines.ts";
import type { Assignments } from "./assignments.ts";
import type { PoolLedger } from "./ledger.ts";

/** Microseconds between two looks at leases that are over but could not be ended. */
const NEXT_LOOK = 2_000 * MILLISECOND;

/**
 * Microseconds by which a look at a lease may be late and still be believed: a pool that was not there, or whose clock was set, has not
 * heard what agents said meanwhile.
 */
const PUNCTUAL = 5 * SECOND;

export interface Needs {
  ledger: PoolLedger;
  lines: AgentLines;
  assignments: Assignments;
  /** To be called when somebody came. */
  came(): Promise<void>;
  /** To be called when somebody has gone. */
  left(): Promise<void>;
  /** To be called whenever a lease begins. */
  arm(): Promise<void>;
}

export class AgentDesk {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The agents as the wire shows them. */
  list(): WireAgent[] {
    const { ledger, lines, assignments } = this.#needs;
    return ledger.sessions().map((session) => ({
      id: session.agent.id,
      name: session.agent.name,
      version: session.agent.version,
      status: session.online && lines.has(session.id) ? "ONLINE" : "OFFLINE",
      slots: session.slots,
      running: ledger.claimsOf(session.id).length,
      connected: formatInstant(session.connected),
      last_seen: formatInstant(assignments.lastSeen(session)),
    }));
  }

  /** A frame that came over a line. */
  async heard(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#needs.lines.isOver(socket)) return;
    const frame = readFrame(message);
    if (!frame) {
      return this.#needs.lines.refuse(
        socket,
        "This frame is not one of the agent channel. Update the agent, or see its version.",
      );
    }
    const session = this.#needs.lines.sessionOf(socket);
    switch (frame.type) {
      case "auth":
        // Who the agent is was settled before the socket reached this object.
        return;
      case "hello":
        if (session !== null) return this.#needs.lines.refuse(socket, "A connection says hello once.");
        return this.#hello(socket, frame);
      default:
        if (session === null) return this.#needs.lines.refuse(socket, "The first frame after auth is hello.");
        return this.#heardOf(session, frame);
    }
  }

  /** A line has ended. */
  async gone(socket: WebSocket): Promise<void> {
    const { lines } = this.#needs;
    const id = lines.sessionOf(socket);
    const ended = id === null ? null : this.ended([id]);
    lines.gone(socket);
    await ended;
  }

  /** These sessions have no line any more; their leases go on. */
  async ended(sessions: readonly string[]): Promise<void> {
    const online = sessions.flatMap((id) => this.#needs.ledger.session(id) ?? []).filter((session) => session.online);
    for (const session of online)
      this.#needs.ledger.putSession({ ...session, online: false, seen: this.#needs.assignments.lastSeen(session) });
    if (online.length === 0) return;
    await this.#needs.left();
    await this.#needs.arm();
  }

  /** Ends what is over by the clock: lines whose credential has ended, lines that a crash ended, leases of silent sessions. */
  async expire(): Promise<void> {
    const { ledger, lines, assignments } = this.#needs;
    await this.ended(lines.expire(now()));
    this.#noteLostLines();
    const over = ledger.sessions().filter((session) => assignments.leaseEnd(session) <= now());
    const holding = over.filter(({ id }) => ledger.claimsOf(id).length > 0);
    const missed = holding.filter((session) => now() - assignments.leaseEnd(session) > PUNCTUAL);
    for (const session of missed) ledger.putSession({ ...session, seen: now() });
    const silent = holding.filter((session) => !missed.includes(session));
    await Promise.all(silent.map(({ id }) => assignments.expire(id)));
  }

  /** Agents of a pool that is gone are sent away when they have nothing any more. */
  dismiss(): void {
    if (!this.#needs.ledger.closed) return;
    for (const { id } of this.#needs.ledger.sessions())
      if (this.#needs.ledger.claimsOf(id).length === 0) this.#needs.lines.close(id, "This work pool was deleted.");
  }

  /** When the first lease of a session with runs, or the first credential, is over; null where none is. */
  firstEnd(): Instant | null {
    const { ledger, lines, assignments } = this.#needs;
    const ends = ledger
      .sessions()
      .filter(({ id }) => ledger.claimsOf(id).length > 0)
      .map((session) => assignments.leaseEnd(session));
    const expiry = lines.firstExpiry();
    const first = Math.min(...ends);
    const end = ends.length === 0 ? null : ((first > now() ? first : now() + NEXT_LOOK) as Instant);
    return end === null || (expiry !== null && expiry < end) ? expiry : end;
  }

  async #hello(socket: WebSocket, hello: AgentHello): Promise<void> {
    if (!this.#needs.ledger.owner) return;
    const { session } = this.#needs.ledger.connect(hello, uuidv7, now());
    this.#needs.lines.join(socket, session.id);
    const held = this.#needs.ledger.claimsOf(session.id);
    const shown = new Map(hello.running.map(({ run_id, generation }) => [run_id, generation]));
    const kept = new Set(held.filter(({ run, claim }) => shown.get(run) === claim?.generation).map(({ run }) => run));
    const lost = hello.running.filter(({ run_id }) => !kept.has(run_id));
    send(socket, {
      type: "welcome",
      session: { id: session.id, generation: session.generation },
      lease_seconds: session.leaseSeconds,
      lost,
    });
    const absent = held.filter(({ run }) => !kept.has(run));
    for (const run of kept) this.#needs.assignments.acknowledged(run);
    await Promise.all(
      absent.map(({ run, claim }) =>
        this.#needs.assignments.takeBack({ run_id: run, generation: claim?.generation ?? 0 }, "absent"),
      ),
    );
    await this.#needs.assignments.assign();
    await this.#needs.came();
    await this.#needs.arm();
  }

  async #heardOf(session: string, frame: Exclude<AgentFrame, { type: "auth" | "hello" }>): Promise<void> {
    this.#needs.lines.heard(session);
    if (frame.type === "renew") return;
    if (frame.type === "drain") {
      const known = this.#needs.ledger.session(session);
      if (known && !known.draining) this.#needs.ledger.putSession({ ...known, draining: true });
      return;
    }
    const { run_id, generation } = frame;
    if (this.#needs.assignments.held(run_id, generation)?.claim?.session !== session) {
      // It was taken back meanwhile: whoever accepts it must not go on.
      if (frame.type === "accept") this.#needs.lines.tell(session, { type: "lost", run_id, generation });
      return;
    }
    this.#needs.assignments.acknowledged(run_id);
    switch (frame.type) {
      case "accept":
        return;
      case "decline":
        return this.#needs.assignments.takeBack(frame, "declined");
      case "finished":
        await this.#needs.assignments.finished(frame);
        return this.dismiss();
      default:
        return frame satisfies never;
    }
  }

  /**
   * Lines that ended with a crash, of which nobody was told. When they were last heard of is lost too: their leases begin now, as an
   * agent may have renewed its own the moment before.
   */
  #noteLostLines(): void {
    for (const session of this.#needs.ledger.sessions())
      if (session.online && !this.#needs.lines.has(session.id))
        this.#needs.ledger.putSession({ ...session, online: false, seen: now() });
  }
}

/** The frame, or null for what is none. */
function readFrame(message: string | ArrayBuffer): AgentFrame | null {
  if (typeof message !== "string") return null;
  try {
    const frame = AgentFrame.safeParse(JSON.parse(message));
    return frame.success ? frame.data : null;
  } catch {
    return null;
  }
}
