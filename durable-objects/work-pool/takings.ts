/**
 * Runs that Prefect workers take: a worker polls for what it may have, and takes a run by entering PENDING.
 *
 * WP17 A poll promises nothing and writes nothing; a run is taken by the one who enters PENDING, within the limits, and by nobody
 *      while an agent has it.
 * WP18 A run that a worker took counts until it leaves PENDING, RUNNING and CANCELLING; the books learn of it by being told, and by
 *      asking.
 *
 * The entry is written before the run's object is asked: what a crash leaves is a run too many in the books, never one too few.
 */
import type { Problem } from "@millrace/domain/problem.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { type Answer, type FlowRunRpc, isProblem, type Owner } from "../flow-run/rpc.ts";
import { now } from "../kit/alarms.ts";
import { WORKER } from "./books.ts";
import type { PoolLedger } from "./ledger.ts";
import type { Offer, Poll, PollAnswer } from "./rpc.ts";

/** Seconds between two looks at whether a run that a worker took still goes on. */
const CHECKED_EVERY = 60;
/** Runs that are looked at in one go. */
const CHECKED_AT_ONCE = 50;

export interface Needs {
  ledger: PoolLedger;
  runAt(owner: Owner, run: string): Pick<FlowRunRpc, "isWorked">;
  /** Gives what became free to others. */
  assign(): Promise<void>;
}

export class Takings {
  readonly #needs: Needs;
  /** When a run that a worker has was last known to go on. */
  readonly #checked = new Map<string, Instant>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The runs that a worker may take, best first. */
  poll({ queues: names, before, after, limit, more, except }: Poll): PollAnswer & { polled?: string[] } {
    const { ledger } = this.#needs;
    if (ledger.closed) return { kind: "gone" };
    const { queues, own, books, shares } = ledger;
    const unknown = names?.find((name) => !queues.some((queue) => queue.name === name));
    if (unknown !== undefined) return { kind: "no_queue", name: unknown };
    const asked = names ? queues.filter(({ name }) => names.includes(name)) : queues;
    const polled = asked.map(({ id }) => id);
    const strangers = more.filter(({ run }) => !ledger.entry(run) && !books.isAsking(run));
    const runs: { run: string; queue: string }[] = [];
    for (const offer of strangers) books.backlog.add({ ...offer, since: now() });
    books.backlog.offer(
      { queues, own, room: ledger.room(), shares: shares.copy(), due: before, only: new Set(polled) },
      ({ run, due }, { id }) => {
        if (runs.length >= limit) return "stop";
        if ((after !== null && due < after) || except.includes(run)) return "leave";
        runs.push({ run, queue: id });
        return "take";
      },
    );
    for (const { run } of strangers) books.backlog.remove(run);
    return { kind: "runs", runs, polled };
  }

  /** Enters PENDING for a worker. `full`: what has no room. */
  async take(offer: Offer, propose: () => Promise<Answer | Problem>): Promise<Answer | Problem | { full: string }> {
    const { ledger, assign } = this.#needs;
    const { run } = offer;
    const known = ledger.entry(run);
    // Whoever has it, or is being given it, has it: the run itself says so.
    if (ledger.closed || known?.claim || ledger.books.isAsking(run)) return propose();
    const full = this.#fullFor(offer);
    if (full) return { full };
    this.#write(offer);
    const answer = await propose();
    if (!isProblem(answer) && answer.entered) ledger.shares.took(offer.key ?? "", offer.weight ?? 1);
    else if (ledger.entry(run)?.claim?.session === WORKER) {
      if (known) ledger.put(known);
      else ledger.remove(run);
      await assign();
    }
    return answer;
  }

  /** A run began without having been given out. */
  occupy(offer: Offer): void {
    const { ledger } = this.#needs;
    if (!ledger.entry(offer.run)?.claim && !ledger.closed) this.#write(offer);
  }

  /** Whether a worker has the run, as far as the books know. */
  has(run: string): boolean {
    return this.#needs.ledger.entry(run)?.claim?.session === WORKER;
  }

  /** Asks the runs that nobody told of for a while; answers when to ask again. */
  async check(owner: Owner): Promise<Instant | null> {
    const { ledger, runAt, assign } = this.#needs;
    const taken = ledger.claimsOf(WORKER);
    const old = taken.filter(({ run, since }) => this.#nextCheck(run, since as Instant) <= now());
    let freed = false;
    await Promise.all(
      old.slice(0, CHECKED_AT_ONCE).map(async ({ run }) => {
        this.#checked.set(run, now());
        if (await runAt(owner, run).isWorked(owner)) return;
        if (this.has(run)) ledger.remove(run);
        freed = true;
      }),
    );
    if (freed) await assign();
    const left = ledger.claimsOf(WORKER);
    for (const run of [...this.#checked.keys()]) if (!this.has(run)) this.#checked.delete(run);
    if (left.length === 0) return null;
    return Math.min(...left.map(({ run, since }) => this.#nextCheck(run, since as Instant))) as Instant;
  }

  #nextCheck(run: string, since: Instant): Instant {
    return plusSeconds(this.#checked.get(run) ?? since, CHECKED_EVERY);
  }

  #write(offer: Offer): void {
    const since = this.#needs.ledger.entry(offer.run)?.since ?? now();
    this.#checked.set(offer.run, now());
    this.#needs.ledger.put({ ...offer, since, claim: { session: WORKER, generation: 0 } });
  }

  /** The limit that has no room for another run; null where there is room. */
  #fullFor(offer: Offer): string | null {
    const { ledger } = this.#needs;
    const { limit, name } = ledger.settings;
    const room = ledger.books.room(limit, ledger.queues, ledger.own);
    if (room.pool <= 0) return `Work pool ${name} has the ${limit} runs that its limit allows.`;
    const id = ledger.queueOf(offer);
    const queue = ledger.queues.find((one) => one.id === id);
    if ((room.queues.get(id) ?? 1) > 0) return null;
    return `Work queue ${queue?.name} has the ${queue?.limit} runs that its limit allows.`;
  }
}
