/**
 * A deployment's schedules and their next occurrences: the only one to make runs of them.
 *
 * DE1  An occurrence's id is derived from deployment, schedule and local time: whoever makes it twice makes it once.
 * DE2  What is done is written down when it is done: a crash in between does it again, and that changes nothing.
 * DE3  One thing at a time: an edit, an alarm and somebody's touch wait for each other.
 * DE4  A plan of an older revision changes nothing.
 *
 * Occurrences are rows of the index until shortly before they are due, or somebody touches them; then they are runs of their own, and
 * look after themselves.
 */
import { DurableObject } from "cloudflare:workers";
import {
  type Ahead,
  advance,
  CATCH_ALL,
  type Span,
  type Step,
  spanFrom,
  spanOf,
  startingAt,
} from "@millrace/domain/schedule/ahead.ts";
import { isSame } from "@millrace/domain/schedule/deployment-schedule.ts";
import { type Instant, plusSeconds, SECOND } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import type { Announcement } from "../event-hub/rpc.ts";
import { isProblem, type Owner } from "../flow-run/rpc.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { type Packed, pack, unpack } from "../kit/packed.ts";
import { SqliteStore } from "../kit/store.ts";
import { type Asked, activeOf, Occurrences } from "./occurrences.ts";
import type { DeploymentRpc, Plan } from "./rpc.ts";

/** Least seconds before it is due that an occurrence becomes a run, and the most by which deployments differ: nine o'clock is everybody's. */
const LEAD_SECONDS = 60;
const JITTER_SECONDS = 120;
/** Seconds until what failed is tried again. */
const RETRY_SECONDS = 5;
/** Runs that are made at once, and rows that are told at once. */
const AT_ONCE = 20;
const ROWS_AT_ONCE = 200;

const PLAN = "plan";
const AHEAD = "ahead/";

interface Kept {
  owner: Owner;
  plan: Plan;
  /** Times to come that have a run already, which an earlier plan's schedule made and somebody has begun. */
  begun?: readonly Instant[];
}

export class Deployment extends DurableObject<ObjectEnv> implements DeploymentRpc {
  readonly #store: SqliteStore;
  readonly #alarm: PhysicalAlarm;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#store = new SqliteStore(ctx.storage);
    this.#alarm = new PhysicalAlarm(ctx.storage);
  }

  configure(owner: Owner, packed: Packed<Plan>): Promise<void> {
    return this.#inTurn(async () => {
      const plan = unpack(packed);
      const before = this.#read(owner);
      if (before && before.plan.revision >= plan.revision) return;
      await this.#replace(before, { owner: { workspace: owner.workspace, shard: owner.shard }, plan });
    });
  }

  dismantle(owner: Owner): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#read(owner);
      if (!kept) return;
      const nothing: Plan = { ...kept.plan, paused: true, schedules: [] };
      await this.#replace(kept, { owner: kept.owner, plan: nothing }, false);
      this.#store.transaction(() => this.#store.clear());
    });
  }

  touch(owner: Owner, run: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const kept = this.#read(owner);
      if (!kept) return false;
      const occurrences = this.#occurrences(kept);
      for (const asked of activeOf(kept.plan)) {
        const ahead = this.#ahead(asked);
        const due = ahead?.planned.find((at) => occurrences.id(asked, at) === run);
        if (!ahead || due === undefined) continue;
        await this.#make(kept, [{ asked, due }]);
        this.#write([[asked, withMade(ahead, [due])]]);
        return true;
      }
      return false;
    });
  }

  fill(owner: Owner, given: Partial<Span>): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#read(owner);
      if (!kept) return;
      const span = spanFrom(now(), given);
      for (const asked of activeOf({ ...kept.plan, paused: false })) {
        const due = [...spanOf(asked.timetable, span)];
        await this.#make(
          kept,
          due.map((at) => ({ asked, due: at })),
        );
        const ahead = this.#ahead(asked);
        if (ahead) this.#write([[asked, withMade(ahead, due)]]);
      }
    });
  }

  reconcile(owner: Owner, run: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const kept = this.#read(owner);
      if (!kept) return false;
      await this.#advance(kept);
      const occurrences = this.#occurrences(kept);
      return activeOf(kept.plan).some((asked) => {
        const { planned = [], made = [] } = this.#ahead(asked) ?? {};
        return [...planned, ...made].some((at) => occurrences.id(asked, at) === run);
      });
    });
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang();
    await this.#inTurn(async () => {
      const kept = this.#kept();
      if (!kept) return;
      try {
        await this.#advance(kept);
      } catch (error) {
        console.error("A deployment could not do what is due", error);
        await this.#alarm.wakeBy(plusSeconds(now(), RETRY_SECONDS));
      }
    });
  }

  /** Looks at all schedules: puts on lists, makes runs, takes off lists; then writes down how far that went. */
  async #advance(kept: Kept): Promise<void> {
    const at = now();
    const occurrences = this.#occurrences(kept);
    const steps: [Asked, Step, Ahead][] = [];
    for (const asked of activeOf(kept.plan)) {
      const before = this.#ahead(asked) ?? startingAt(at);
      steps.push([asked, advance(asked.timetable, before, this.#wishes(asked, kept), at), before]);
    }
    await this.#tell(
      kept,
      steps.flatMap(([asked, { add }]) => add.map((due) => occurrences.row(asked, due))),
      steps.flatMap(([asked, { drop }]) => drop.map((due) => occurrences.id(asked, due))),
    );
    await this.#make(
      kept,
      steps.flatMap(([asked, { make }]) => make.map((due) => ({ asked, due }))),
    );
    this.#write(
      steps.filter(([, { ahead }, before]) => !sameAhead(ahead, before)).map(([asked, { ahead }]) => [asked, ahead]),
    );
    for (const [, { wake }] of steps) await this.#alarm.wakeBy(wake);
  }

  /**
   * Puts one plan in the place of another. What the old one put on lists is taken back, but for schedules that stay as they were: their
   * occurrences go on, made of the new plan. A run that has begun already stays, and its time is not taken by a new schedule as well.
   * What was due before and is not made yet, as the alarm came late, is made of the old plan, if that `settles` what it owes.
   */
  async #replace(before: Kept | null, after: Kept, settles = true): Promise<void> {
    const at = now();
    const carried = new Map<string, Ahead>();
    const begun = new Set<Instant>((before?.begun ?? []).filter((due) => due > at));
    const removed: string[] = [];
    if (before) {
      const occurrences = this.#occurrences(before);
      for (const asked of activeOf(before.plan)) {
        const ahead = this.#ahead(asked) ?? startingAt(at);
        const stays = activeOf(after.plan).some(
          ({ schedule }) => schedule.id === asked.schedule.id && isSame(schedule.schedule, asked.schedule.schedule),
        );
        // Also what was told and made before a crash, and never written down.
        const { add, make } = advance(asked.timetable, ahead, this.#wishes(asked, before), at);
        const made = [...new Set([...ahead.made, ...make])];
        const { free, taken } = await this.#takeBack(before, asked, made, at);
        if (stays) {
          // What comes later is decided on anew.
          const again = free.filter((due) => due <= ahead.through);
          const planned = [...new Set([...ahead.planned, ...again])].sort((a, b) => a - b);
          carried.set(asked.schedule.id, { through: ahead.through, planned, made: taken });
        } else {
          for (const due of taken) begun.add(due);
          const owed = new Set(settles ? make.filter((due) => due <= at) : []);
          await this.#make(
            before,
            [...owed].map((due) => ({ asked, due })),
          );
          for (const due of owed) begun.add(due);
          for (const due of new Set([...ahead.planned, ...add, ...make]))
            if (!owed.has(due) && !begun.has(due)) removed.push(occurrences.id(asked, due));
        }
      }
    }
    const occurrences = this.#occurrences(after);
    const started = activeOf(after.plan).map((asked): [Asked, Ahead] => {
      const known = carried.get(asked.schedule.id);
      const { ahead, make } = advance(asked.timetable, known ?? startingAt(at), this.#wishes(asked, after), at);
      const free = (due: Instant): boolean => known !== undefined || !begun.has(due);
      // They are made by the alarm, which rings at once.
      const planned = [...new Set([...make, ...ahead.planned])].filter(free).sort((a, b) => a - b);
      return [asked, { ...ahead, planned, made: ahead.made.filter((due) => !planned.includes(due)) }];
    });
    if (before) await this.#tell(before, [], removed);
    await this.#tell(
      after,
      started.flatMap(([asked, { planned }]) => planned.map((due) => occurrences.row(asked, due))),
      [],
    );
    this.#store.transaction(() => {
      for (const [key] of [...this.#store.list(AHEAD)]) this.#store.delete(key);
      this.#store.put(PLAN, JSON.stringify({ ...after, ...(begun.size > 0 && { begun: [...begun] }) } satisfies Kept));
      for (const [{ schedule }, ahead] of started) this.#store.put(AHEAD + schedule.id, JSON.stringify(ahead));
    });
    for (const [asked, ahead] of started) {
      const { make, wake } = advance(asked.timetable, ahead, this.#wishes(asked, after), at);
      await this.#alarm.wakeBy(make.length > 0 ? at : wake);
    }
  }

  /** Takes back runs that were made ahead of time; `taken`: those that somebody has begun. */
  async #takeBack(
    { owner, plan }: Kept,
    asked: Asked,
    made: readonly Instant[],
    at: Instant,
  ): Promise<{ free: Instant[]; taken: Instant[] }> {
    const occurrences = new Occurrences(this.env.KEY_PEPPER, owner.workspace, plan);
    const [free, taken]: [Instant[], Instant[]] = [[], []];
    for (const due of made) {
      if (due <= at) continue;
      const id = occurrences.id(asked, due);
      ((await flowRunAt(this.env, owner.workspace, id).discard(owner, id)) === "gone" ? free : taken).push(due);
    }
    return { free, taken };
  }

  /** Makes runs, and puts them on lists. Throws where one could not be made: all of them are made again then, which changes nothing. */
  async #make(kept: Kept, wanted: readonly { asked: Asked; due: Instant }[]): Promise<void> {
    const { owner } = kept;
    const occurrences = this.#occurrences(kept);
    for (let first = 0; first < wanted.length; first += AT_ONCE) {
      const some = wanted.slice(first, first + AT_ONCE);
      const created = await Promise.all(
        some.map(({ asked, due }) => {
          const birth = occurrences.birth(asked, due);
          return flowRunAt(this.env, owner.workspace, birth.id).create(owner, pack(birth));
        }),
      );
      const told: Announcement[] = [];
      for (const one of created) {
        if (isProblem(one)) throw new Error(`A run could not be made: ${one.code}`);
        if (one.announcement) told.push(...unpack(one.announcement));
      }
      if (told.length > 0) await eventHubAt(this.env, owner.workspace).announce(owner, pack(told), true);
    }
  }

  async #tell({ owner, plan }: Kept, rows: Announcement["run"][], removed: readonly string[]): Promise<void> {
    const all: Announcement[] = [
      ...removed.map((id): Announcement => ({ removed: { id, created: plan.at }, events: [] })),
      ...rows.map((run): Announcement => ({ ...(run && { run }), events: [] })),
    ];
    for (let first = 0; first < all.length; first += ROWS_AT_ONCE)
      await eventHubAt(this.env, owner.workspace).announce(owner, pack(all.slice(first, first + ROWS_AT_ONCE)), true);
  }

  #wishes({ schedule }: Asked, { plan }: Kept): { catchUp: typeof CATCH_ALL; most: number | null; lead: number } {
    const jitter = Number.parseInt(plan.deployment.slice(-4), 16) % JITTER_SECONDS;
    return { catchUp: schedule.catchUp ?? CATCH_ALL, most: schedule.most, lead: (LEAD_SECONDS + jitter) * SECOND };
  }

  #occurrences({ owner, plan }: Kept): Occurrences {
    return new Occurrences(this.env.KEY_PEPPER, owner.workspace, plan);
  }

  #kept(): Kept | null {
    return JSON.parse(this.#store.get(PLAN) ?? "null") as Kept | null;
  }

  /** What is kept, for its owner; another workspace is told what an object that was never written says. */
  #read(owner: Owner): Kept | null {
    const kept = this.#kept();
    if (kept && kept.owner.workspace !== owner.workspace) throw new Error("This deployment is another workspace's.");
    return kept;
  }

  #ahead({ schedule }: Asked): Ahead | null {
    return JSON.parse(this.#store.get(AHEAD + schedule.id) ?? "null") as Ahead | null;
  }

  #write(changed: readonly (readonly [Asked, Ahead])[]): void {
    if (changed.length === 0) return;
    this.#store.transaction(() => {
      for (const [{ schedule }, ahead] of changed) this.#store.put(AHEAD + schedule.id, JSON.stringify(ahead));
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

const sameAhead = (one: Ahead, other: Ahead): boolean => JSON.stringify(one) === JSON.stringify(other);

/** With these occurrences made, of which those that are due later are remembered. */
const withMade = ({ through, planned, made }: Ahead, due: readonly Instant[]): Ahead => ({
  through,
  planned: planned.filter((at) => !due.includes(at)),
  made: [...new Set([...made, ...due])].filter((at) => at > now()).sort((a, b) => a - b),
});
