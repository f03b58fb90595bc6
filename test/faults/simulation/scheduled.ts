/**
 * A deployment with a schedule that people edit, pause and touch, and what must come of it: each occurrence once.
 *
 * The oracle knows nothing of how a deployment looks ahead. It counts, by the server's clock, from when somebody was told that a plan
 * holds until somebody asked for the next one; what is due in between must have become a run, at whatever time.
 */
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { deploymentAt } from "../../../durable-objects/addresses.ts";
import { PLANNED_VERSION, type Plan, type RunTemplate } from "../../../durable-objects/deployment/rpc.ts";
import type { Birth } from "../../../durable-objects/flow-run/rpc.ts";
import { type Packed, pack, unpack } from "../../../durable-objects/kit/packed.ts";
import { Life } from "../platform/life.ts";
import type { Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import { type Api, Unreachable } from "./api.ts";
import { Violation } from "./invariants.ts";
import type { KnownRuns, Program } from "./known-runs.ts";
import { DEPLOYMENT, type People } from "./people.ts";
import type { Truth } from "./truth.ts";

/** Milliseconds for which people try to have a plan taken. */
const BUDGET = 600_000;
/** What a run of the schedule does. */
const PROGRAM: Program = { seconds: 2, failures: 0, retries: 0, tasks: 1, lines: 1, tagged: false, vanishes: false };
/** Numbers of runs that schedules make, apart from those of people. */
const FIRST_NUMBER = 10_000;
/** Seconds between occurrences. */
const PACES = [60, 90, 240];

const SCHEDULE = { active: true, most: null, parameters: {}, slug: null, catchUp: null };

/** A plan as people know it. Times in milliseconds by the server's clock. */
interface Told {
  schedule: { id: string; every: number } | null;
  from: number | null;
  until: number | null;
}

export interface ScheduledSetting {
  platform: Platform;
  api: Api;
  people: People;
  runs: KnownRuns;
  truth: Truth;
  dice: Random;
}

export class Scheduled {
  readonly #setting: ScheduledSetting;
  readonly #plans: Told[] = [];
  /** Due times of runs that were ever made, by id. */
  readonly #made = new Map<string, number>();
  /** Of these, those that the deployment took back, and did not make again. */
  readonly #takenBack = new Set<string>();
  readonly #anchor: number;
  #schedule: { id: string; every: number };

  constructor(setting: ScheduledSetting) {
    this.#setting = setting;
    this.#anchor = setting.platform.time.wall;
    this.#schedule = this.#anew();
    this.#ask(true);
  }

  /** How many occurrences became runs. */
  get count(): number {
    return this.#made.size;
  }

  /** Somebody edits the deployment: its parameters alone, the schedule's pace, another schedule of the same times, or a pause. */
  edit(dice: Random): string {
    const how = dice.pick(["other parameters", "another pace", "another schedule", "a pause"]);
    if (how === "another pace") this.#schedule = this.#anew();
    if (how === "another schedule") this.#schedule = { ...this.#schedule, id: dice.uuid() };
    this.#ask(how !== "a pause");
    return `the deployment gets ${how}`;
  }

  /** Nothing of it is due any more. */
  end(): void {
    this.#ask(false);
  }

  /** A run's object is about to be asked something. */
  before(method: string, args: readonly unknown[]): void {
    if (method !== "create") return;
    const birth = unpack(args[1] as Packed<Birth>);
    const { runs } = this.#setting;
    if (!birth.autoScheduled || (runs.has(birth.id) && !runs.get(birth.id).removed)) return;
    this.#takenBack.delete(birth.id);
    runs.add(birth.id, FIRST_NUMBER + this.#made.size, true, PROGRAM).reclaim = birth.lossPolicy === "reclaim";
    this.#made.set(birth.id, (birth.state?.details?.scheduledTime ?? 0) / 1000);
  }

  /** It did what it was asked for at once. A run that its deployment took back is gone as if somebody had deleted it. */
  after(id: string, method: string): void {
    const { runs, truth } = this.#setting;
    // One that people have deleted is theirs.
    if (method !== "discard" || !this.#made.has(id) || truth.head(id) || runs.get(id).removing) return;
    this.#takenBack.add(id);
    Object.assign(runs.get(id), { removing: true, removed: true });
  }

  /** Whether lists show an occurrence that has no run. */
  isListed(): boolean {
    return this.#setting.truth.index().some(({ version }) => version === PLANNED_VERSION);
  }

  /** To be called at the end. `steady`: the server's clock was right all the time. */
  check(steady: boolean): void {
    const { runs } = this.#setting;
    const covered = new Set([...this.#made].flatMap(([id, due]) => (this.#takenBack.has(id) ? [] : [due])));
    for (const { schedule, from, until } of this.#plans) {
      if (!schedule || from === null) continue;
      const every = schedule.every * 1000;
      const first = this.#anchor + Math.ceil((from - this.#anchor) / every) * every;
      for (let due = first; due < (until ?? this.#setting.platform.time.wall); due += every) {
        // A run that had begun keeps its time, whatever schedule made it.
        if (!covered.has(due))
          throw new Violation(
            "no occurrence is lost",
            `that of ${new Date(due).toISOString()}, every ${schedule.every} s`,
          );
      }
    }
    const begun = new Map<number, string>();
    for (const [id, due] of this.#made) {
      if (runs.get(id).begun.length === 0) continue;
      if (steady && begun.has(due))
        throw new Violation("no occurrence is double", `that of ${new Date(due).toISOString()} began twice`);
      begun.set(due, id);
    }
    if (this.isListed()) throw new Violation("what is not planned is on no list", "lists show an occurrence");
  }

  #anew(): { id: string; every: number } {
    const { dice } = this.#setting;
    return { id: dice.uuid(), every: dice.pick(PACES) };
  }

  /** Asks for the deployment as it is to be, until somebody says that it is. */
  #ask(active: boolean): void {
    const { platform, api } = this.#setting;
    const { time } = platform;
    const last = this.#plans.at(-1);
    if (last) last.until = time.wall;
    const told: Told = { schedule: active ? { ...this.#schedule } : null, from: null, until: null };
    this.#plans.push(told);
    const plan = pack(this.#plan(active));
    const life = new Life(`editor ${this.#plans.length} of the deployment`);
    life
      .run(() =>
        api.ask(life, BUDGET, (env) => deploymentAt(env, api.owner.workspace, DEPLOYMENT).configure(api.owner, plan)),
      )
      .then(
        () => {
          // By a clock that steps, whatever it showed until now may have been when the plan came.
          told.from = time.wall + time.mostSkew - time.skew;
          if (last) last.until = Math.min(last.until ?? time.wall, time.wall);
        },
        (error) => {
          if (!(error instanceof Unreachable)) throw error;
        },
      )
      .finally(() => life.end());
  }

  #plan(active: boolean): Plan {
    const { people, platform } = this.#setting;
    const now = fromMilliseconds(platform.time.wall);
    const { id, every } = this.#schedule;
    const anchor = fromMilliseconds(this.#anchor) as Instant;
    const schedule = { kind: "interval" as const, every: every * 1_000_000, anchor, timezone: null };
    const { state: _, ...birth } = people.birthOf({ pooled: true, program: PROGRAM }, 0, true);
    return {
      deployment: DEPLOYMENT,
      revision: this.#plans.length,
      at: now,
      paused: !active,
      schedules: [{ id, created: now, updated: now, ...SCHEDULE, schedule }],
      birth: birth as RunTemplate,
    };
  }
}
