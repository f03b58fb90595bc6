/**
 * A work pool: the one place that decides which agent gets which run. Around what it knows (ledger.ts), its agents
 * (agent-lines.ts, agent-desk.ts) and its decisions (assignments.ts) this is the object: calls and alarm.
 *
 * WP23 A deleted pool gives out nothing; what agents have they bring to an end.
 */

import { DurableObject } from "cloudflare:workers";
import { AGENT_CLOSE } from "@millrace/contract/channels/agent.ts";
import type { WireEvent } from "@millrace/contract/events.ts";
import type { WireAgent } from "@millrace/contract/work-pools.ts";
import { type AllowedNetwork, lets } from "@millrace/domain/access/allow-list.ts";
import { type Cleanup, newCleanup } from "@millrace/domain/dispatch/cleanups.ts";
import { deploymentEvent } from "@millrace/domain/dispatch/events.ts";
import { explain } from "@millrace/domain/dispatch/explain.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { FRAMES_A_SECOND, FramePace } from "@millrace/domain/limit/frame-pace.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { StateInput } from "@millrace/domain/state.ts";
import { formatInstant, plusSeconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt, flowRunAt } from "../addresses.ts";
import { noteReadiness, READY_BY } from "../deployments-told.ts";
import { type ObjectEnv, shardOf } from "../env.ts";
import type { Answer, Owner, Reporter } from "../flow-run/rpc.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { type Packed, pack } from "../kit/packed.ts";
import { signRunToken } from "../kit/run-token.ts";
import { close } from "../kit/sockets.ts";
import { SqliteStore } from "../kit/store.ts";
import { AgentDesk } from "./agent-desk.ts";
import { AgentLines, type Bearer } from "./agent-lines.ts";
import { Assignments } from "./assignments.ts";
import { WORKER } from "./books.ts";
import { PoolLedger } from "./ledger.ts";
import type {
  Explanation,
  Heartbeat,
  Offer,
  Poll,
  PollAnswer,
  PoolSettings,
  Standing as StandingTold,
  Worker,
  WorkPoolRpc,
} from "./rpc.ts";
import { Standing } from "./standing.ts";
import { Takings } from "./takings.ts";
import { WorkerLines } from "./worker-lines.ts";

/** Seconds after which runs that workers took are looked after. */
const CHECK_SECONDS = 60;
/** Runs that are told at once that their pool is gone. */
const DISMISSED_AT_ONCE = 20;
const TOO_FAST = `Too fast: at most ${FRAMES_A_SECOND} frames, and 16 MiB of them, in a second.`;

export class WorkPool extends DurableObject<ObjectEnv> implements WorkPoolRpc {
  readonly #ledger: PoolLedger;
  readonly #lines: AgentLines;
  readonly #assignments: Assignments;
  readonly #agents: AgentDesk;
  readonly #standing: Standing;
  readonly #takings: Takings;
  readonly #workerLines: WorkerLines;
  readonly #alarm: PhysicalAlarm;
  readonly #paces = new WeakMap<WebSocket, FramePace>();

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    const store = new SqliteStore(ctx.storage);
    this.#ledger = new PoolLedger(store);
    this.#lines = new AgentLines(ctx);
    this.#alarm = new PhysicalAlarm(ctx.storage);
    this.#assignments = new Assignments({
      ledger: this.#ledger,
      lines: this.#lines,
      runAt: ({ workspace }, run) => flowRunAt(env, workspace, run),
      sign: ({ workspace }, { account, key }, { run_id: run, generation }) =>
        signRunToken(env, { account, workspace, run, generation, key }),
      later: (milliseconds, work) => setTimeout(() => ctx.waitUntil(work()), milliseconds),
      arm: () => this.#arm(),
    });
    this.#agents = new AgentDesk({
      ledger: this.#ledger,
      lines: this.#lines,
      assignments: this.#assignments,
      came: () => this.#review(),
      left: () => {
        this.#standing.agentLeft(now());
        return this.#review();
      },
      arm: () => this.#arm(),
    });
    this.#standing = new Standing({
      ledger: this.#ledger,
      store,
      anyAgent: () => this.#ledger.sessions().some(({ id, online }) => online && this.#lines.has(id)),
      tell: (events) => this.#tell(events),
      served: (queue, is) => this.#tellDeployments(queue, is),
    });
    this.#takings = new Takings({
      ledger: this.#ledger,
      runAt: ({ workspace }, run) => flowRunAt(env, workspace, run),
      assign: () => this.#assignments.assign(),
    });
    this.#workerLines = new WorkerLines({
      ctx,
      ledger: this.#ledger,
      store,
      standing: this.#standing,
      review: () => this.#review(),
    });
  }

  async offer(owner: Owner, offers: readonly Offer[]): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    if (this.#ledger.closed) return this.#dismiss(owner, offers);
    const news = await Promise.all(offers.map((offer) => this.#isNews(owner, offer)));
    for (const [at, offer] of offers.entries())
      if (news[at] && !this.#ledger.entry(offer.run)) this.#ledger.put({ ...offer, since: now(), claim: null });
    await this.#assignments.assign();
    await this.#arm();
  }

  async look(owner: Owner): Promise<void> {
    if (!this.#ledger.isOf(owner)) return;
    await this.#alarm.wakeBy(await this.#takings.check(owner));
    await this.#arm();
  }

  async withdraw(owner: Owner, run: string): Promise<void> {
    if (this.#ledger.owner?.workspace !== owner.workspace) return;
    // A claim that is being asked for may be granted all the same, and its answer lost: the entry is what remembers it.
    if (this.#ledger.books.isAsking(run)) return;
    if (this.#takings.has(run)) {
      this.#ledger.remove(run);
      // The room that it had is another's.
      return this.#assignments.assign();
    }
    if (!this.#ledger.entry(run)?.claim) this.#ledger.remove(run);
  }

  async cancel(owner: Owner, run: string, generation: number): Promise<void> {
    if (this.#ledger.owner?.workspace !== owner.workspace) return;
    const session = this.#assignments.held(run, generation)?.claim?.session;
    if (session) this.#lines.tell(session, { type: "cancel", run_id: run, generation });
  }

  async configure(owner: Owner, settings: PoolSettings): Promise<void> {
    if (!this.#ledger.admit(owner) || !this.#ledger.configure(settings)) return;
    this.#workerLines.tellSnapshot();
    await this.#review();
    await this.#assignments.assign();
  }

  async close(owner: Owner): Promise<void> {
    if (!this.#ledger.isOf(owner)) return;
    const waiting = this.#ledger.close();
    this.#workerLines.closeAll();
    this.#agents.dismiss();
    await this.#dismiss(owner, waiting);
  }

  async poll(owner: Owner, poll: Poll): Promise<PollAnswer> {
    if (!this.#ledger.isOf(owner)) return { kind: "gone" };
    const { polled, ...answer } = this.#takings.poll(poll);
    if (polled && !poll.silent) {
      this.#standing.poll(polled, now());
      await this.#review();
    }
    return answer;
  }

  async take(
    owner: Owner,
    offer: Offer,
    state: Packed<StateInput>,
    reporter: Reporter,
  ): Promise<Answer | Problem | { full: string }> {
    const run = flowRunAt(this.env, owner.workspace, offer.run);
    const propose = () => run.propose(owner, offer.run, state, { force: false, reporter });
    if (!this.#ledger.admit(owner)) return propose();
    try {
      return await this.#takings.take(offer, propose);
    } finally {
      await this.#alarm.wakeBy(plusSeconds(now(), CHECK_SECONDS));
    }
  }

  async occupy(owner: Owner, offer: Offer): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    this.#takings.occupy(offer);
    await this.#alarm.wakeBy(plusSeconds(now(), CHECK_SECONDS));
  }

  async heartbeat(owner: Owner, heartbeat: Heartbeat): Promise<string | null> {
    if (!this.#ledger.isOf(owner) || this.#ledger.closed) return null;
    const id = this.#standing.heartbeat(heartbeat, now());
    await this.#review();
    return id;
  }

  async workers(owner: Owner): Promise<Worker[]> {
    return this.#ledger.isOf(owner) ? this.#standing.workers(now()) : [];
  }

  async removeWorker(owner: Owner, name: string): Promise<boolean> {
    if (!this.#ledger.isOf(owner) || !this.#standing.remove(name)) return false;
    await this.#review();
    return true;
  }

  async standing(owner: Owner): Promise<StandingTold> {
    if (this.#ledger.isOf(owner)) return this.#standing.told(now());
    return { status: "NOT_READY", taken: 0, polled: null, queues: [], revision: -1 };
  }

  async holders(owner: Owner): Promise<{ run: string; queue: string }[]> {
    if (!this.#ledger.isOf(owner)) return [];
    const taken = this.#ledger.books.entries().filter(({ claim }) => claim !== null);
    return taken
      .sort((one, other) => one.since - other.since)
      .map((entry) => ({ run: entry.run, queue: this.#ledger.queueOf(entry) }));
  }

  async explain(owner: Owner): Promise<Explanation> {
    const { queues, own, shares, books, settings } = this.#ledger;
    const { paused, limit } = settings;
    if (!this.#ledger.isOf(owner)) return { paused, limit, taken: 0, slots: 0, waiting: [] };
    const room = books.room(limit, queues, own);
    const slots = this.#assignments.freeSlots();
    const waiting = explain(books.backlog, { queues, own, paused, room, shares, now: now(), slots });
    return { paused, limit, taken: books.taken, slots, waiting };
  }

  async cleanUp(owner: Owner, cleanup: Pick<Cleanup, "id" | "kind" | "queue" | "target">): Promise<void> {
    if (!this.#ledger.isOf(owner) || this.#ledger.closed) return;
    this.#workerLines.add(newCleanup(cleanup, now()));
    await this.#alarm.wakeBy(this.#workerLines.expire(now()));
  }

  async agents(owner: Owner): Promise<WireAgent[]> {
    return this.#ledger.owner?.workspace === owner.workspace ? this.#agents.list() : [];
  }

  async revoke(owner: Owner, key: string): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    this.#ledger.revoke(key, now());
    await this.#agents.ended(this.#lines.revoke(key));
  }

  async allow(owner: Owner, list: readonly AllowedNetwork[] | null): Promise<void> {
    if (!this.#ledger.admit(owner)) return;
    this.#ledger.allow(list);
    await this.#agents.ended(this.#lines.allow(this.#ledger.allowed));
  }

  /** An agent's websocket. The Worker has authenticated it, and says whose it is. */
  override async fetch(request: Request): Promise<Response> {
    const { workspace, shard, ...bearer } = JSON.parse(request.headers.get("x-millrace-tenant") ?? "{}") as Owner &
      Bearer;
    if (!this.#ledger.admit({ workspace, shard })) return new Response(null, { status: 404 });
    if (new URL(request.url).pathname === "/worker") return this.#workerLines.open();
    // The Worker may not have heard of it yet.
    if (bearer.key && this.#ledger.isRevoked(bearer.key)) return new Response(null, { status: 401 });
    if (!lets(this.#ledger.allowed, bearer.address)) return new Response(null, { status: 403 });
    const answer = this.#lines.open(bearer);
    await this.#alarm.wakeBy(bearer.expires);
    return answer;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (!this.#isInPace(socket, message)) return close(socket, AGENT_CLOSE.policy, TOO_FAST);
    if (this.#workerLines.isOne(socket)) await this.#workerLines.heard(socket, message);
    else await this.#agents.heard(socket, message);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close();
    await this.webSocketError(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    if (!this.#workerLines.isOne(socket)) await this.#agents.gone(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang();
    try {
      await this.#agents.expire();
      const { owner } = this.#ledger;
      if (owner) await this.#alarm.wakeBy(await this.#takings.check(owner));
      await this.#alarm.wakeBy(this.#workerLines.expire(now()));
      await this.#assignments.assign();
    } catch (error) {
      console.error("A work pool's alarm failed", error);
    } finally {
      await this.#review();
      await this.#arm();
    }
  }

  /** Whether an offer says something that the pool does not know. A run that it believes to be taken may have been taken back. */
  async #isNews(owner: Owner, { run }: Offer): Promise<boolean> {
    if (this.#ledger.books.isAsking(run)) return false;
    const claim = this.#ledger.entry(run)?.claim;
    if (!claim) return claim === undefined;
    const { session, generation } = claim;
    if (session === WORKER) {
      if (await flowRunAt(this.env, owner.workspace, run).isWorked(owner)) return false;
      if (this.#takings.has(run)) this.#ledger.remove(run);
      return !this.#ledger.entry(run);
    }
    if (await flowRunAt(this.env, owner.workspace, run).holds(owner, generation)) return false;
    // Another call found the same out meanwhile: what it forgot is still offered.
    if (!this.#assignments.held(run, generation)) return !this.#ledger.entry(run) && !this.#ledger.books.isAsking(run);
    this.#lines.tell(session, { type: "lost", run_id: run, generation });
    this.#assignments.acknowledged(run);
    this.#ledger.remove(run);
    return true;
  }

  /** A socket that hangs here without the Worker between is watched here. What a sleep forgets is a pause. */
  #isInPace(socket: WebSocket, message: string | ArrayBuffer): boolean {
    const pace = this.#paces.get(socket) ?? new FramePace(Date.now());
    this.#paces.set(socket, pace);
    return pace.take(typeof message === "string" ? message.length : message.byteLength, Date.now());
  }

  /** Writes and tells what changed of who is there. */
  async #review(): Promise<void> {
    await this.#alarm.wakeBy(this.#standing.review(now()));
  }

  /** Tells the workspace. What gets lost is news that the next reading of the pool shows anyway. */
  #tell(events: JsonObject[]): void {
    const { owner } = this.#ledger;
    if (!owner) return;
    const received = formatInstant(now());
    const wire = events.map((event) => ({ ...event, received }) as unknown as WireEvent);
    const { workspace, shard } = owner;
    const told = eventHubAt(this.env, workspace).announce({ workspace, shard }, pack([{ events: wire }]), false);
    this.ctx.waitUntil(told.catch((error: unknown) => console.error("Events of a pool were not told", error)));
  }

  /** Tells of the deployments of a queue that somebody serves it now, or nobody any more. */
  #tellDeployments(queue: string, is: boolean): void {
    const { owner, settings } = this.#ledger;
    if (!owner || !settings.id) return;
    const which = {
      sql: "d.work_pool_id = ?2 AND coalesce(d.work_queue_name, 'default') = ?3",
      values: [settings.id, queue],
    };
    const noted = noteReadiness(shardOf(this.env, owner.shard), owner.workspace, { by: READY_BY.queue, is, which });
    const moment = now();
    const told = noted.then((deployments) => {
      const what = is ? "ready" : "not-ready";
      if (deployments.length > 0)
        this.#tell(deployments.map((one) => deploymentEvent(what, one, { id: uuidv7(), at: moment })));
    });
    this.ctx.waitUntil(told.catch((error: unknown) => console.error("Deployments of a queue were not told of", error)));
  }

  /** The pool is gone: runs that wait for it are nobody's to start. */
  async #dismiss(owner: Owner, runs: readonly { run: string }[]): Promise<void> {
    const pool = this.#ledger.settings.id;
    for (let at = 0; pool && at < runs.length; at += DISMISSED_AT_ONCE) {
      const some = runs.slice(at, at + DISMISSED_AT_ONCE);
      await Promise.all(some.map(({ run }) => flowRunAt(this.env, owner.workspace, run).leavePool(owner, pool)));
    }
  }

  /** Makes sure that the object wakes when the first lease of a session with runs, or the first credential, is over. */
  async #arm(): Promise<void> {
    await this.#alarm.wakeBy(this.#agents.firstEnd());
  }
}
