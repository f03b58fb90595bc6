/**
 * Who gets which run: claims are asked for, sent, acknowledged, taken back and ended here.
 *
 * WP5  A run is given to one session at a time: the run's own object grants the claim before anything is sent.
 * WP6  An assignment that is not acknowledged in time is taken back and offered to others, unless it is seen that it began.
 * WP7  A session that is silent for longer than its lease loses its runs, each by the policy of the run.
 * WP10 The books keep a claim until the run's object has heard of its end. What could not be told is told again; after a crash the
 *      agent comes back and says what it still has, or its lease runs out.
 * WP11 A claim that the run's object knows and the books do not was granted in vain: its answer was lost. It is given back.
 */
import {
  AGENT_ACCEPT_SECONDS,
  AGENT_PING_SECONDS,
  type AgentFrame,
  type ClaimRef,
} from "@millrace/contract/channels/agent.ts";
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import { type Instant, MILLISECOND, plusSeconds } from "@millrace/domain/time.ts";
import { type ClaimAnswer, type FlowRunRpc, isProblem, type Owner } from "../flow-run/rpc.ts";
import { now } from "../kit/alarms.ts";
import type { AgentLines, Bearer } from "./agent-lines.ts";
import type { Entry, PoolLedger, Session } from "./ledger.ts";

/** Milliseconds for which a run is not given again to a session that declined it or did not answer. */
const DECLINED_FOR = 5_000;
/** Milliseconds until what failed is tried again: a run's object that does not answer, as a rule because it just crashed. */
const PAUSE = 1_000;
/** Milliseconds after which a pool with nothing due looks again at the latest. */
const LONGEST_SLEEP = 60_000;
/** Seconds of silence after which a session gets no more runs, though its lease may be longer: two pings and a half. */
const QUIET_SECONDS = 2.5 * AGENT_PING_SECONDS;

type Granted = Extract<ClaimAnswer, { kind: "claimed" }>;

export interface Needs {
  ledger: PoolLedger;
  lines: AgentLines;
  runAt(owner: Owner, run: string): Pick<FlowRunRpc, "claim" | "release" | "lose" | "finish">;
  sign(owner: Owner, bearer: Bearer, claim: ClaimRef): Promise<string>;
  /** Does something later, if the object still lives then. */
  later(milliseconds: number, work: () => Promise<void>): ReturnType<typeof setTimeout>;
  /** To be called whenever a lease begins. */
  arm(): Promise<void>;
}

/** Why a claim is taken back: nobody answered, the agent does not want it, or the agent does not have it. */
type Reason = "unacknowledged" | "declined" | "absent";

export class Assignments {
  readonly #needs: Needs;
  /** Assignments that wait for their acknowledgement. */
  readonly #unacknowledged = new Map<string, ReturnType<typeof setTimeout>>();
  /** When a session was last given a run: its lease does not end before it could answer. */
  readonly #given = new Map<string, Instant>();
  /** `run/session` pairs that were declined lately. */
  readonly #declined = new Set<string>();
  /** Runs that their objects said are not due yet, though their time has come by the pool's clock. */
  readonly #early = new Set<string>();
  /** When `assign` comes back by itself. */
  #waking: number | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Gives waiting runs to free sessions until one of them runs out. Never rejects. */
  async assign(): Promise<void> {
    const { ledger } = this.#needs;
    const { owner, queues, own, shares, books } = ledger;
    if (!owner || books.backlog.size === 0) return;
    const room = ledger.room();
    // Looked up once: a long queue costs nothing while no agent is free.
    const free = room.pool > 0 ? this.#freeSlots() : new Map<Session, number>();
    if (free.size === 0) return;
    const chosen: [run: string, session: Session][] = [];
    books.backlog.offer({ queues, own, room, shares, due: now() }, ({ run }) => {
      const session = this.#freest(run, free);
      if (!session) return free.size === 0 ? "stop" : "leave";
      const left = (free.get(session) ?? 0) - 1;
      if (left > 0) free.set(session, left);
      else free.delete(session);
      chosen.push([run, session]);
      return "take";
    });
    for (const [run, session] of chosen) books.ask(run, session.id);
    this.#wakeWhenDue();
    await Promise.all(chosen.map(([run, session]) => this.#give(owner, run, session)));
  }

  /** Comes back when the next waiting run is due. After a crash the run's own offers stand in for it. */
  #wakeWhenDue(): void {
    const next = this.#needs.ledger.books.backlog.nextDue(now());
    if (next === null || (this.#waking !== null && this.#waking <= next)) return;
    this.#waking = next;
    const milliseconds = Math.min(Math.ceil((next - now()) / MILLISECOND), LONGEST_SLEEP);
    this.#needs.later(milliseconds, () => {
      if (this.#waking === next) this.#waking = null;
      return this.assign();
    });
  }

  /** The claim if it is the one in the books. */
  held(run: string, generation: number): Entry | null {
    const entry = this.#needs.ledger.entry(run);
    return entry?.claim?.generation === generation ? entry : null;
  }

  acknowledged(run: string): void {
    clearTimeout(this.#unacknowledged.get(run));
    this.#unacknowledged.delete(run);
  }

  /** The run goes back to its object, which offers it anew. */
  async takeBack({ run_id: run, generation }: ClaimRef, reason: Reason): Promise<void> {
    const { ledger, lines, runAt } = this.#needs;
    const { owner } = ledger;
    const session = this.held(run, generation)?.claim?.session;
    if (!owner || !session) return;
    this.acknowledged(run);
    const again = () => this.takeBack({ run_id: run, generation }, reason);
    const answer = await this.#ask(again, () => runAt(owner, run).release(owner, generation));
    if (answer === null) return;
    if (answer === "begun") {
      // Its process has reported, at any moment up to now: as good as an acknowledgement, with the lease that begins with one.
      if (reason === "unacknowledged") return this.#heardOf(session);
      if ((await this.#ask(again, () => runAt(owner, run).lose(owner, generation))) === null) return;
    }
    this.#forget(run, generation);
    if (reason === "absent") return;
    if (reason === "unacknowledged") lines.tell(session, { type: "lost", run_id: run, generation });
    this.#declined.add(`${run}/${session}`);
    this.#needs.later(DECLINED_FOR, () => {
      this.#declined.delete(`${run}/${session}`);
      return this.assign();
    });
  }

  /** The process of a claim is gone. */
  async finished({
    run_id: run,
    generation,
    exit_code,
    signal,
  }: Extract<AgentFrame, { type: "finished" }>): Promise<void> {
    const { ledger, runAt } = this.#needs;
    const { owner } = ledger;
    if (!owner || !this.held(run, generation)) return;
    const frame = { type: "finished" as const, run_id: run, generation, exit_code, signal };
    const how = { exitCode: exit_code, signal };
    const answer = await this.#ask(
      () => this.finished(frame),
      () => runAt(owner, run).finish(owner, generation, how),
    );
    if (answer === null) return;
    this.#forget(run, generation);
    await this.assign();
  }

  /** When the session's agent is taken for gone, unless something is heard of it. */
  leaseEnd(session: Session): Instant {
    const from = Math.max(this.lastSeen(session), this.#given.get(session.id) ?? 0) as Instant;
    return plusSeconds(from, session.leaseSeconds);
  }

  /** The later of what was written and what is known of the session's line. */
  lastSeen(session: Session): Instant {
    return Math.max(session.seen, this.#needs.lines.lastHeard(session.id)) as Instant;
  }

  /** The session's agent is taken for gone: each of its runs ends or waits again, as the run has it. */
  async expire(id: string): Promise<void> {
    const { ledger, lines } = this.#needs;
    await Promise.all(ledger.claimsOf(id).map((entry) => this.#lose(id, entry)));
    const session = ledger.session(id);
    if (!session || !this.#isOver(session) || ledger.claimsOf(id).length > 0) return;
    lines.close(id, "Nothing was heard of this session for longer than its lease.");
    ledger.putSession({ ...session, online: false });
  }

  /** A claim of a session whose lease is over. It may have been heard of in the meantime, before each call. */
  async #lose(id: string, { run, claim }: Entry): Promise<void> {
    const { ledger, lines, runAt } = this.#needs;
    const { owner } = ledger;
    const session = ledger.session(id);
    if (!owner || !claim || !session || !this.#isOver(session)) return;
    const { generation } = claim;
    // One that nobody acknowledged has, as far as anybody knows, not begun.
    if (this.#unacknowledged.has(run)) return this.takeBack({ run_id: run, generation }, "unacknowledged");
    const again = () => this.expire(id);
    if ((await this.#ask(again, () => runAt(owner, run).lose(owner, generation))) === null) return;
    lines.tell(id, { type: "lost", run_id: run, generation });
    this.#forget(run, generation);
  }

  /** Something was heard of the session by another way than its line. Written, as a pool that sleeps must not forget it. */
  #heardOf(id: string): void {
    const session = this.#needs.ledger.session(id);
    if (session) this.#needs.ledger.putSession({ ...session, seen: now() });
  }

  #isOver(session: Session): boolean {
    return this.leaseEnd(session) <= now();
  }

  /** Claims the run for the session, and sends it. */
  async #give(owner: Owner, run: string, session: Session): Promise<void> {
    const claimant = { agent: session.agent.name, session: session.id };
    const answer = await this.#ask(
      () => this.assign(),
      () => this.#needs.runAt(owner, run).claim(owner, run, claimant),
    );
    this.#needs.ledger.books.answered(run);
    if (answer === null) return;
    if (isProblem(answer)) return this.#refused(owner, run, null);
    if (answer.kind === "refused" && answer.reason === "not_due" && !this.#early.delete(run))
      return this.#tooEarly(run);
    if (answer.kind === "refused") return this.#refused(owner, run, answer.held);
    // The agent came back as another session meanwhile, and this one was forgotten: nobody would end its claims.
    if (!this.#needs.ledger.session(session.id)) return this.#refused(owner, run, answer);
    return this.#send(owner, run, session, answer);
  }

  async #send(owner: Owner, run: string, session: Session, answer: Granted): Promise<void> {
    const { ledger, lines, sign, arm, later } = this.#needs;
    const { generation, flowName, deployment } = answer;
    const claim = { run_id: run, generation };
    const known = ledger.entry(run) ?? blank(run);
    ledger.put({ ...known, claim: { session: session.id, generation } });
    this.#given.set(session.id, now());
    const bearer = lines.bearerOf(session.id);
    if (!bearer) return this.takeBack(claim, "declined");
    const token = await sign(owner, bearer, claim);
    // Somebody else may have ended the claim while the token was made.
    if (!this.held(run, generation)) return;
    const flow_run = flowRunToWire(answer.run, now());
    if (!lines.tell(session.id, { type: "assign", ...claim, token, flow_run, flow_name: flowName, deployment })) {
      return this.takeBack(claim, "declined");
    }
    const timer = later(AGENT_ACCEPT_SECONDS * 1000, () => this.takeBack(claim, "unacknowledged"));
    this.acknowledged(run);
    this.#unacknowledged.set(run, timer);
    await arm();
  }

  /** Clocks of two machines differ a little: it is asked for once more. */
  #tooEarly(run: string): void {
    this.#early.add(run);
    this.#needs.later(PAUSE, () => this.assign());
  }

  /**
   * A run that is not to be had leaves the pool; its object offers it when that changes. A claim that is in the way, and in no book,
   * is given back, and the run waits on.
   */
  async #refused(owner: Owner, run: string, held: { generation: number } | null): Promise<void> {
    const { ledger, runAt } = this.#needs;
    if (held && !this.held(run, held.generation)) {
      // Granted in vain: nobody was told of it.
      const { generation } = held;
      const freed = await this.#ask(
        () => this.assign(),
        async () => {
          const answer = await runAt(owner, run).release(owner, generation);
          return answer === "begun" ? runAt(owner, run).lose(owner, generation) : answer;
        },
      );
      if (freed === null) return;
      // It waits for the next one.
    } else if (!ledger.books.isAsking(run) && ledger.entry(run)?.claim === null) ledger.remove(run);
    // The slot that was meant for it is free for another.
    await this.assign();
  }

  /** Slots of sessions that can take runs. */
  freeSlots(): number {
    return [...this.#freeSlots().values()].reduce((sum, slots) => sum + slots, 0);
  }

  /** Sessions that can take runs, with how many. */
  #freeSlots(): Map<Session, number> {
    const { ledger } = this.#needs;
    const free = new Map<Session, number>();
    for (const session of ledger.sessions()) {
      const slots = ledger.freeSlots(session) - ledger.books.asked(session.id);
      if (slots > 0 && this.#isListening(session)) free.set(session, slots);
    }
    return free;
  }

  #freest(run: string, free: ReadonlyMap<Session, number>): Session | null {
    let best: Session | null = null;
    let most = 0;
    for (const [session, slots] of free)
      if (slots > most && !this.#declined.has(`${run}/${session.id}`)) [best, most] = [session, slots];
    return best;
  }

  /** Whether an agent is likely to take what it is sent. */
  #isListening(session: Session): boolean {
    const quiet = plusSeconds(this.lastSeen(session), Math.max(QUIET_SECONDS, session.leaseSeconds));
    return this.#needs.lines.has(session.id) && quiet > now();
  }

  /** The claim is over: the run's place and the session's slot are free. */
  #forget(run: string, generation: number): void {
    if (!this.held(run, generation)) return;
    this.acknowledged(run);
    this.#needs.ledger.remove(run);
  }

  /** The answer of a run's object. Null where it did not answer; then `again` is done in a while. */
  async #ask<T>(again: () => Promise<void>, call: () => Promise<T>): Promise<T | null> {
    try {
      return await call();
    } catch (error) {
      console.error("A run does not answer its pool", error);
      this.#needs.later(PAUSE, again);
      return null;
    }
  }
}

/** The entry of a run that left the pool while its claim was being asked for. */
const blank = (run: string): Entry => ({ run, queue: null, due: now(), priority: 0, since: now(), claim: null });
