/**
 * A work pool: the one place that decides which agent gets which run.
 *
 * WP5  A run is given to one session at a time: the run's own object grants the claim before anything is sent.
 * WP6  An assignment that is not acknowledged in time is taken back and offered to others.
 * WP7  A session that is silent for longer than its lease loses its runs, each by the policy of the run.
 * WP8  A frame that names another claim than the live one changes nothing.
 *
 * Agents hang on hibernating websockets. Their pings are answered by the runtime; when one was last heard of is read from there.
 */

import { DurableObject } from "cloudflare:workers";
import {
  AGENT_ACCEPT_SECONDS,
  AGENT_CLOSE,
  AGENT_PING,
  AGENT_PONG,
  AgentFrame,
  type AgentHello,
} from "@millrace/contract/channels/agent.ts";
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import type { WireAgent } from "@millrace/contract/work-pools.ts";
import { formatInstant, fromMilliseconds, type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { flowRunAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import { isProblem, type Owner } from "../flow-run/rpc.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { signRunToken } from "../kit/run-token.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";
import { SqliteStore } from "../kit/store.ts";
import { type Entry, PoolLedger, type Session } from "./ledger.ts";
import type { Offer, PoolSettings, WorkPoolRpc } from "./rpc.ts";

/** What is known of a socket, kept with it while the object sleeps. */
interface Attachment {
  account: string;
  session: string | null;
}

/** Milliseconds for which a run is not given again to a session that declined it. */
const DECLINED_FOR = 5_000;

export class WorkPool extends DurableObject<ObjectEnv> implements WorkPoolRpc {
  readonly #ledger: PoolLedger;
  readonly #alarm: PhysicalAlarm;
  /** Runs whose claim is being asked for, with the session that is to have them. */
  readonly #assigning = new Map<string, string>();
  /** Assignments that wait for their acknowledgement. */
  readonly #unacknowledged = new Map<string, ReturnType<typeof setTimeout>>();
  /** When a frame of a session last came. Memory is enough: pings are known to the runtime. */
  readonly #lastFrame = new Map<string, Instant>();
  /** `run/session` pairs that were declined lately. */
  readonly #declined = new Set<string>();

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#ledger = new PoolLedger(new SqliteStore(ctx.storage));
    this.#alarm = new PhysicalAlarm(ctx.storage);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(AGENT_PING, AGENT_PONG));
  }

  async offer(owner: Owner, offers: readonly Offer[]): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    const fresh: Entry[] = [];
    for (const offer of offers) {
      if (this.#assigning.has(offer.run) || !(await this.#isNews(owner, offer))) continue;
      fresh.push({ ...offer, since: now(), claim: null });
    }
    for (const entry of fresh) if (!this.#ledger.entry(entry.run)) this.#ledger.put(entry);
    await this.#assign();
  }

  async withdraw(owner: Owner, run: string): Promise<void> {
    if (this.#ledger.owner?.workspace === owner.workspace && !this.#ledger.entry(run)?.claim) this.#ledger.remove(run);
  }

  async cancel(owner: Owner, run: string, generation: number): Promise<void> {
    if (this.#ledger.owner?.workspace !== owner.workspace) return;
    const claim = this.#ledger.entry(run)?.claim;
    if (claim?.generation === generation) this.#tell(claim.session, { type: "cancel", run_id: run, generation });
  }

  async configure(owner: Owner, settings: PoolSettings): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    this.#ledger.configure(settings);
    await this.#assign();
  }

  async agents(owner: Owner): Promise<WireAgent[]> {
    if (this.#ledger.owner?.workspace !== owner.workspace) return [];
    return this.#ledger.sessions().map((session) => ({
      id: session.agent.id,
      name: session.agent.name,
      version: session.agent.version,
      status: session.online ? "ONLINE" : "OFFLINE",
      slots: session.slots,
      running: this.#ledger.claimsOf(session.id).length,
      connected: formatInstant(session.connected),
      last_seen: formatInstant(this.#lastSeen(session)),
    }));
  }

  /** An agent's websocket. The Worker has authenticated it, and says whose it is. */
  override async fetch(request: Request): Promise<Response> {
    const { account, workspace, shard } = JSON.parse(request.headers.get("x-millrace-tenant") ?? "{}") as Owner & {
      account: string;
    };
    if (!this.#ledger.admit({ workspace, shard })) return new Response(null, { status: 404 });
    const attachment: Attachment = { account, session: null };
    return acceptSocket(this.ctx, [], attachment, [{ type: "auth_success" }]);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const frame = readFrame(message);
    if (!frame)
      return this.#refuse(socket, "This frame is not one of the agent channel. Update the agent, or see its version.");
    const { session } = socket.deserializeAttachment() as Attachment;
    switch (frame.type) {
      case "auth":
        // Who the agent is was settled before the socket reached this object.
        return;
      case "hello":
        return this.#hello(socket, frame);
      default:
        if (session === null) return this.#refuse(socket, "The first frame after auth is hello.");
        return this.#heard(session, frame);
    }
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close();
    await this.#disconnected(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#disconnected(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang();
    try {
      for (const session of this.#ledger.sessions()) {
        if (this.#ledger.claimsOf(session.id).length > 0 && this.#leaseEnd(session) <= now())
          await this.#expire(session);
      }
      await this.#assign();
    } catch (error) {
      console.error("A work pool's alarm failed", error);
    } finally {
      await this.#armLeases();
    }
  }

  /** Whether an offer says something that the pool does not know. A run that it believes to be taken may have been taken back. */
  async #isNews(owner: Owner, offer: Offer): Promise<boolean> {
    const claim = this.#ledger.entry(offer.run)?.claim;
    if (claim === undefined) return true;
    if (claim === null) return false;
    if (await flowRunAt(this.env, owner.workspace, offer.run).holds(owner, claim.generation)) return false;
    this.#tell(claim.session, { type: "lost", run_id: offer.run, generation: claim.generation });
    this.#ledger.remove(offer.run);
    return true;
  }

  /** Gives waiting runs to free sessions until one of them runs out. */
  async #assign(): Promise<void> {
    const owner = this.#ledger.owner;
    if (!owner) return;
    const given: Promise<void>[] = [];
    let room = this.#ledger.room() - this.#assigning.size;
    for (const entry of this.#ledger.waiting()) {
      if (room <= 0) break;
      if (this.#assigning.has(entry.run)) continue;
      const session = this.#freest(entry.run);
      if (!session) continue;
      room -= 1;
      this.#assigning.set(entry.run, session.id);
      given.push(this.#give(owner, entry, session));
    }
    await Promise.all(given);
  }

  #freest(run: string): Session | null {
    let best: Session | null = null;
    let most = 0;
    for (const session of this.#ledger.sessions()) {
      if (this.#declined.has(`${run}/${session.id}`)) continue;
      const promised = [...this.#assigning.values()].filter((id) => id === session.id).length;
      const free = this.#ledger.freeSlots(session) - promised;
      if (free > most) [best, most] = [session, free];
    }
    return best;
  }

  /** Claims the run for the session, and sends it. */
  async #give(owner: Owner, entry: Entry, session: Session): Promise<void> {
    try {
      const claimant = { agent: session.agent.name, session: session.id };
      const answer = await flowRunAt(this.env, owner.workspace, entry.run).claim(owner, entry.run, claimant);
      if (isProblem(answer) || answer.kind === "refused") return this.#ledger.remove(entry.run);
      const { generation, run, flowName, deployment } = answer;
      this.#ledger.put({ ...entry, claim: { session: session.id, generation } });
      const account = this.#socketOf(session.id)?.account ?? "";
      const token = await signRunToken(this.env, { account, workspace: owner.workspace, run: run.id, generation });
      const flow_run = flowRunToWire(run, now());
      this.#tell(session.id, {
        type: "assign",
        run_id: run.id,
        generation,
        token,
        flow_run,
        flow_name: flowName,
        deployment,
      });
      this.#awaitAcknowledgement(entry.run, generation);
      await this.#armLeases();
    } finally {
      this.#assigning.delete(entry.run);
    }
  }

  #awaitAcknowledgement(run: string, generation: number): void {
    const timer = setTimeout(() => {
      this.#acknowledged(run);
      this.ctx.waitUntil(this.#takeBack(run, generation));
    }, AGENT_ACCEPT_SECONDS * 1000);
    this.#unacknowledged.set(run, timer);
  }

  #acknowledged(run: string): void {
    clearTimeout(this.#unacknowledged.get(run));
    this.#unacknowledged.delete(run);
  }

  /** The run goes back to waiting; its object offers it anew. */
  async #takeBack(run: string, generation: number): Promise<void> {
    const owner = this.#ledger.owner;
    const claim = this.#ledger.entry(run)?.claim;
    if (!owner || claim?.generation !== generation) return;
    this.#declined.add(`${run}/${claim.session}`);
    setTimeout(() => {
      this.#declined.delete(`${run}/${claim.session}`);
      this.ctx.waitUntil(this.#assign());
    }, DECLINED_FOR);
    this.#ledger.remove(run);
    await flowRunAt(this.env, owner.workspace, run).release(owner, generation);
  }

  async #hello(socket: WebSocket, hello: AgentHello): Promise<void> {
    const owner = this.#ledger.owner;
    if (!owner) return;
    const { session } = this.#ledger.connect(hello, uuidv7, now());
    const attachment = socket.deserializeAttachment() as Attachment;
    for (const other of this.ctx.getWebSockets()) {
      const known = other.deserializeAttachment() as Attachment;
      if (other !== socket && known.session === session.id) {
        other.serializeAttachment({ ...known, session: null });
        close(other, AGENT_CLOSE.policy, "This session has a newer connection.");
      }
    }
    socket.serializeAttachment({ ...attachment, session: session.id });
    const held = this.#ledger.claimsOf(session.id);
    const shown = new Map(hello.running.map(({ run_id, generation }) => [run_id, generation]));
    const kept = new Set(held.filter(({ run, claim }) => shown.get(run) === claim?.generation).map(({ run }) => run));
    const lost = hello.running.filter(({ run_id }) => !kept.has(run_id));
    send(socket, {
      type: "welcome",
      session: { id: session.id, generation: session.generation },
      lease_seconds: session.leaseSeconds,
      lost,
    });
    for (const { run, claim } of held) {
      if (kept.has(run)) this.#acknowledged(run);
      else if (claim) await this.#takeBack(run, claim.generation);
    }
    await this.#assign();
    await this.#armLeases();
  }

  async #heard(session: string, frame: Exclude<AgentFrame, { type: "auth" | "hello" }>): Promise<void> {
    this.#lastFrame.set(session, now());
    if (frame.type === "renew") return;
    if (frame.type === "drain") {
      const known = this.#ledger.session(session);
      if (known && !known.draining) this.#ledger.putSession({ ...known, draining: true });
      return;
    }
    const owner = this.#ledger.owner;
    const claim = this.#ledger.entry(frame.run_id)?.claim;
    if (!owner || claim?.session !== session || claim.generation !== frame.generation) return;
    this.#acknowledged(frame.run_id);
    switch (frame.type) {
      case "accept":
        return;
      case "decline":
        return this.#takeBack(frame.run_id, frame.generation);
      case "finished": {
        this.#ledger.remove(frame.run_id);
        const how = { exitCode: frame.exit_code, signal: frame.signal };
        await flowRunAt(this.env, owner.workspace, frame.run_id).finish(owner, frame.generation, how);
        return this.#assign();
      }
      default:
        return frame satisfies never;
    }
  }

  async #disconnected(socket: WebSocket): Promise<void> {
    const { session: id } = socket.deserializeAttachment() as Attachment;
    const session = id ? this.#ledger.session(id) : null;
    if (!session?.online) return;
    this.#ledger.putSession({ ...session, online: false, seen: now() });
    await this.#armLeases();
  }

  /** The session's agent is taken for gone: each of its runs ends or waits again, as the run has it. */
  async #expire(session: Session): Promise<void> {
    const owner = this.#ledger.owner;
    if (!owner) return;
    for (const { run, claim } of this.#ledger.claimsOf(session.id)) {
      if (!claim) continue;
      await flowRunAt(this.env, owner.workspace, run).lose(owner, claim.generation);
      this.#tell(session.id, { type: "lost", run_id: run, generation: claim.generation });
      this.#ledger.remove(run);
    }
    const found = this.#socketOf(session.id);
    if (found) close(found.socket, AGENT_CLOSE.policy, "Nothing was heard of this session for longer than its lease.");
    this.#ledger.putSession({ ...session, online: false });
  }

  async #armLeases(): Promise<void> {
    const ends = this.#ledger
      .sessions()
      .filter(({ id }) => this.#ledger.claimsOf(id).length > 0)
      .map((session) => this.#leaseEnd(session));
    if (ends.length > 0) await this.#alarm.wakeBy(Math.max(Math.min(...ends), now()) as Instant);
  }

  #leaseEnd(session: Session): Instant {
    return plusSeconds(this.#lastSeen(session), session.leaseSeconds);
  }

  /** The later of what was written and what the runtime knows of the socket's pings. */
  #lastSeen(session: Session): Instant {
    const found = this.#socketOf(session.id);
    const pinged = found ? this.ctx.getWebSocketAutoResponseTimestamp(found.socket) : null;
    const seen = Math.max(session.seen, this.#lastFrame.get(session.id) ?? 0);
    return (pinged ? Math.max(seen, fromMilliseconds(pinged.getTime())) : seen) as Instant;
  }

  #socketOf(session: string): { socket: WebSocket; account: string } | null {
    for (const socket of this.ctx.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as Attachment;
      if (attachment.session === session) return { socket, account: attachment.account };
    }
    return null;
  }

  #tell(session: string, frame: unknown): void {
    const found = this.#socketOf(session);
    if (found) send(found.socket, frame);
  }

  #refuse(socket: WebSocket, reason: string): void {
    send(socket, { type: "error", reason });
    close(socket, AGENT_CLOSE.protocol, reason);
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
