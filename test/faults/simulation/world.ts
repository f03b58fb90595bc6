/** One simulated service with its agents and people, and what a step does to them. */
import type { StateInput, StateType } from "@millrace/domain/state.ts";
import type { Reporter } from "../../../durable-objects/flow-run/rpc.ts";
import { type Packed, unpack } from "../../../durable-objects/kit/packed.ts";
import type { Tables } from "../platform/database.ts";
import type { ObjectHost } from "../platform/object-host.ts";
import { Platform } from "../platform/platform.ts";
import { Dice, Random } from "../platform/random.ts";
import type { Service } from "../platform/service.ts";
import type { SocketPair } from "../platform/sockets.ts";
import { restartIds } from "../platform/uuidv7.ts";
import type { Weather } from "../platform/weather.ts";
import { SimulatedAgent } from "./agents.ts";
import { Api } from "./api.ts";
import { Holders } from "./holders.ts";
import { Invariants, Violation } from "./invariants.ts";
import { type KnownRun, KnownRuns } from "./known-runs.ts";
import { healed, type Mix, type StepKind } from "./mix.ts";
import { People } from "./people.ts";
import { PollingWorker } from "./polling-worker.ts";
import type { Step } from "./schedule.ts";
import { Scheduled } from "./scheduled.ts";
import { BackgroundWork } from "./task-workers.ts";
import { Truth } from "./truth.ts";

const byReporter = (reporter: unknown): unknown => (reporter as Reporter)?.generation ?? null;

/** Calls that name a claim, and how they name its generation. */
const CLAIMED: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  propose: (args) => byReporter((args[3] as { reporter: unknown }).reporter),
  finish: (args) => args[1],
  release: (args) => args[1],
  lose: (args) => args[1],
  recordEvents: (args) => byReporter(args[2]),
  appendLogs: (args) => byReporter(args[2]),
};

/** What the simulations of one process share. */
export interface Ground {
  tables: Tables;
  /** Answers, for one simulation, what starts its machines one after another. What was simulated before is over by then. */
  machines: () => () => Service;
}

export class World {
  readonly platform: Platform;
  readonly runs = new KnownRuns();
  readonly agents: SimulatedAgent[];
  readonly people: People;
  readonly truth: Truth;
  readonly invariants: Invariants;
  readonly holders: Holders;
  readonly background: BackgroundWork;
  /** What happened, for people: a line a step. */
  readonly trace: string[] = [];
  /** The deployment whose schedules make runs beside people; null where there is none. */
  scheduled: Scheduled | null = null;
  /** Hears of moments at which the end of somebody matters. */
  onMoment: ((who: string, what: string) => void) | null = null;
  readonly #transitions = new Set<string>();
  readonly #mix: Mix;
  readonly #api: Api;
  readonly #dice: (purpose: string) => Random;
  readonly #workspace: string;
  #violation: Violation | null = null;
  #pool = { paused: false, limit: null as number | null };

  constructor(seed: number, mix: Mix, ground: Ground) {
    const dice = (purpose: string) => new Random(seed, purpose);
    restartIds();
    this.#mix = mix;
    this.#dice = dice;
    this.#workspace = dice("workspace").uuid();
    const pool = dice("pool").uuid();
    this.platform = new Platform({
      dice: new Dice(seed, "platform"),
      weather: { ...mix.weather },
      tables: ground.tables,
      start: ground.machines(),
      releases: mix.releases,
      witness: {
        heard: (host, socket, text) => this.#watch(() => this.background.heard(host, socket, text)),
        at: (who, what) => this.onMoment?.(who, what),
        before: (host, method, args) => this.#before(host, method, args),
        after: (host, method, args, seen) => this.#after(host, method, args, seen),
      },
      complain: (error) => {
        this.#violation ??= new Violation("no error", String((error as Error)?.stack ?? error));
      },
    });
    const { platform, runs } = this;
    this.truth = new Truth(platform, this.#workspace, pool);
    const api = new Api(platform, { workspace: this.#workspace, shard: 0 }, pool, new Dice(seed, "api"));
    this.#api = api;
    this.people = new People({ platform, api, runs, pool });
    const log = (text: string) => this.note(text);
    this.agents = mix.agents.map(
      (agent, at) =>
        new SimulatedAgent(`agent ${at + 1}`, agent, { platform, api, runs, pool, dice: dice(`agent ${at}`), log }),
    );
    this.holders = new Holders({ platform, api, dice: dice("holders") }, mix.deploymentLimit, mix.tagLimit);
    this.people.limit = this.holders.deployment;
    this.people.tagged = this.holders.tag !== null;
    this.background = new BackgroundWork({ platform, api, dice: dice("background") }, mix.taskWorkers);
    const worker = mix.worker ? new PollingWorker({ platform, api, runs, dice: dice("worker") }) : null;
    const now = () => platform.time.now;
    this.invariants = new Invariants({
      truth: this.truth,
      runs,
      agents: this.agents,
      worker,
      ofWorkers: api.ofWorkers,
      tag: this.holders.tag,
      now,
    });
    if (mix.limit !== null) this.#configure({ limit: mix.limit });
  }

  /** From now on a deployment's schedule makes runs too. */
  schedule(): Scheduled {
    const { platform, people, runs, truth } = this;
    this.scheduled = new Scheduled({ platform, api: this.#api, people, runs, truth, dice: this.#dice("schedule") });
    return this.scheduled;
  }

  /** Does a step, and lets its time go by. Throws the violation that it led to. */
  async take(step: Step): Promise<void> {
    await this.pass(step.wait);
    const told = this.#do(step, new Random(step.seed, step.kind));
    if (told) this.note(`step ${step.index}: ${told}`);
    await this.pass(0);
    this.check();
    if (step.index % 10 === 0) this.invariants.checkIndex();
  }

  /** What holds at every time. */
  check(): void {
    this.invariants.check();
    this.holders.check();
  }

  /** Whether everything that anybody may count on has come to its end. */
  get isDone(): boolean {
    return this.background.isDone && this.invariants.unfinished().length === 0;
  }

  /** What holds at the end, when all has been well for a while. */
  checkEnd(): void {
    this.invariants.checkEnd();
    this.holders.checkEnd();
    this.background.checkEnd();
  }

  async pass(milliseconds: number): Promise<void> {
    await this.platform.time.pass(milliseconds, () => {
      if (this.#violation) throw this.#violation;
    });
  }

  /** The end of all faults: what is broken is repaired, and nothing breaks any more. */
  heal(): void {
    this.note("all faults end");
    this.setWeather(healed(this.#mix));
    for (const agent of this.agents) {
      agent.line?.letGo();
      agent.rise();
    }
    this.holders.endAll();
    for (const worker of this.background.workers) {
      worker.line?.letGo();
      worker.rise();
    }
    this.#configure({ paused: false, limit: null });
    // What people asked of the pool before may still be on its way.
    this.platform.time.after(100_000, () => this.#configure({}));
  }

  setWeather(weather: Weather): void {
    Object.assign(this.platform.network.weather, weather);
  }

  note(text: string): void {
    this.trace.push(`${(this.platform.time.now / 1000).toFixed(3).padStart(9)} s  ${text}`);
  }

  /** Leaves nothing behind in what simulations share. */
  end(): void {
    this.truth.clearIndex();
  }

  #do(step: Step, dice: Random): string | null {
    switch (step.kind) {
      case "create":
        return this.people.create(dice, step.index);
      case "cancel":
        return this.#toSomeRun(dice, "cancel", (run) => this.people.cancel(run));
      case "force": {
        const type = dice.pick<StateType>(["COMPLETED", "CANCELLED", "FAILED"]);
        return this.#toSomeRun(dice, `force ${type} on`, (run) => this.people.force(run, type));
      }
      case "retry":
        return this.#toSomeRun(dice, "retry", (run) => this.people.retry(run));
      case "remove":
        return this.#toSomeRun(dice, "remove", (run) => this.people.remove(run));
      case "edit":
        return this.#toSomeRun(dice, "edit", (run) => this.people.edit(run, `tag-${step.index}`));
      case "pause-pool":
        return this.#configure({ paused: !this.#pool.paused });
      case "limit-pool":
        return this.#configure({ limit: dice.pick([null, 1, 2, 5]) });
      case "agent-dies":
      case "agent-loses-power":
        return this.kill(dice, step.kind === "agent-loses-power");
      case "agent-freezes": {
        const agent = dice.pick(this.agents);
        const seconds = dice.around(20);
        agent.freeze(seconds * 1000);
        return `${agent.name} does nothing for ${seconds.toFixed(1)} s`;
      }
      case "agent-drains": {
        const agent = dice.pick(this.agents);
        agent.drain();
        this.platform.time.after(60_000, () => {
          agent.die(false);
          agent.rise();
        });
        return `${agent.name} takes no more runs, and is started anew in a minute`;
      }
      case "line-breaks":
      case "line-is-held":
      case "line-is-cut":
        return this.#hurtLine(dice, dice.pick(this.agents), step.kind);
      case "object-crashes":
        return this.#crashObject(dice);
      case "objects-sleep": {
        const hosts = [...this.platform.hosts.values()].filter((host) => dice.chance(0.7) && host.sleep());
        return `${hosts.length} objects sleep`;
      }
      case "machine-stops":
        this.platform.crashAll();
        return "the machine stops, with all objects";
      case "database-fails":
        return this.#failDatabase(dice);
      case "clock-steps": {
        const seconds = dice.between(-300, 300);
        this.platform.time.step(seconds * 1000);
        return `the server's clock steps by ${seconds.toFixed(0)} s`;
      }
      case "slots-are-wanted":
        return this.holders.begin(dice);
      case "holder-dies":
        return this.holders.kill(dice);
      case "task-is-asked-for":
        return this.#mix.taskWorkers === 0 ? null : this.background.ask(dice);
      case "task-worker-dies":
      case "task-worker-loses-power":
        if (this.#mix.taskWorkers === 0) return null;
        return this.background.kill(dice, step.kind === "task-worker-loses-power");
      case "task-worker's-line":
        return this.#mix.taskWorkers === 0 ? null : this.#hurtLine(dice, dice.pick(this.background.workers));
      case "nothing":
        return null;
      default:
        return step.kind satisfies never;
    }
  }

  #toSomeRun(dice: Random, what: string, act: (run: KnownRun) => void): string | null {
    const runs = this.runs.all().filter(({ removing }) => !removing);
    if (runs.length === 0) return null;
    // People look at what they made lately.
    const run = runs[Math.max(runs.length - 1 - dice.below(6), 0)] as KnownRun;
    act(run);
    return `${what} run ${run.number}`;
  }

  #configure(change: Partial<{ paused: boolean; limit: number | null }>): string {
    this.#pool = { ...this.#pool, ...change };
    this.people.configurePool(this.#pool);
    return `the pool is ${this.#pool.paused ? "paused" : "open"}, its limit ${this.#pool.limit ?? "none"}`;
  }

  /** An agent dies, and comes back. `silently`: nobody hears of it. */
  kill(dice: Random, silently = true): string {
    const agent = dice.pick(this.agents);
    const seconds = dice.around(dice.pick([1, 20]));
    agent.die(silently);
    this.platform.time.after(seconds * 1000, () => agent.rise());
    return `${agent.name} ${silently ? "loses power" : "dies"}, and is back in ${seconds.toFixed(1)} s`;
  }

  #hurtLine(
    dice: Random,
    agent: { name: string; line: SocketPair | null },
    how: StepKind = dice.pick(["line-breaks", "line-is-held", "line-is-cut"]),
  ): string | null {
    const { line } = agent;
    if (!line) return null;
    if (how === "line-breaks") {
      line.breakOff();
      return `the line of ${agent.name} breaks`;
    }
    if (how === "line-is-cut") {
      line.cut();
      return `the line of ${agent.name} is cut, and nobody is told`;
    }
    const [up, down] = dice.pick([
      [true, true],
      [true, false],
      [false, true],
    ]) as [boolean, boolean];
    const seconds = dice.around(dice.pick([2, 15, 40]));
    line.hold(up, down);
    this.platform.time.after(seconds * 1000, () => line.letGo());
    const ways = up && down ? "both ways" : up ? "to the server" : "from the server";
    return `the line of ${agent.name} is held ${ways} for ${seconds.toFixed(1)} s`;
  }

  #crashObject(dice: Random): string | null {
    const kind = dice.pick(["FLOW_RUN", "FLOW_RUN", "WORK_POOL", "EVENT_HUB", "CONCURRENCY_LIMIT", "BACKGROUND_TASKS"]);
    const awake = [...this.platform.hosts.values()].filter((host) => host.isAwake && host.name.startsWith(kind));
    if (awake.length === 0) return null;
    const host = dice.pick(awake);
    host.crash("it crashed");
    return `${this.#nameOf(host)} crashes`;
  }

  #failDatabase(dice: Random): string {
    const { weather } = this.platform.network;
    const seconds = dice.around(20);
    const how = dice.pick(["databaseThrows", "databaseHangs", "databaseLate", "databaseForgets"] as const);
    const before = this.#mix.weather[how];
    weather[how] = 1;
    this.platform.time.after(seconds * 1000, () => {
      if (weather[how] === 1) weather[how] = before;
    });
    return `the database fails (${how}) for ${seconds.toFixed(1)} s`;
  }

  #nameOf(host: ObjectHost): string {
    const run = this.runs.all().find(({ id }) => id === idOf(host));
    return run ? `the object of run ${run.number}` : `the ${host.name.split("/")[0]?.toLowerCase().replace("_", " ")}`;
  }

  /** Notes what somebody who looks on found wrong. */
  #watch(look: () => void): void {
    try {
      look();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error;
    }
  }

  #isOfWorker = (state: Packed<StateInput>): boolean =>
    this.#api.ofWorkers.has(unpack(state).details?.transitionId ?? "");

  /** However often a client asks for a transition, and however late a copy of its request comes, it is made once. */
  #checkTransition(host: ObjectHost, state: Packed<StateInput>): void {
    const id = unpack(state).details?.transitionId ?? "";
    // A run that is made again after its deletion knows nothing of what was asked before.
    if (this.#transitions.has(id) && !this.runs.get(idOf(host)).removing) {
      const what = `${this.#nameOf(host)} entered ${unpack(state).type} again, by a copy of a request that was answered`;
      this.#violation ??= new Violation("a transition is made once", what);
    }
    this.#transitions.add(id);
  }

  /** What is to be compared after a call: how the run stood before it. */
  #before(host: ObjectHost, method: string, args: readonly unknown[]): Before | null {
    if (host.name.startsWith("FLOW_RUN/")) this.scheduled?.before(method, args);
    const generationOf = CLAIMED[method];
    if (!host.name.startsWith("FLOW_RUN/") || !(generationOf || method === "retry")) return null;
    const head = this.truth.headOn(idOf(host), host.disk);
    if (!head) return null;
    const generation = generationOf?.(args) ?? null;
    return { writes: host.disk.writes, current: head.generation, generation, states: head.states.length };
  }

  #after(host: ObjectHost, method: string, args: readonly unknown[], seen: unknown): void {
    this.#watch(() => this.holders.after(host, method, args));
    if (host.name.startsWith("FLOW_RUN/")) this.scheduled?.after(idOf(host), method);
    const before = seen as Before | null;
    if (!before || before.writes === host.disk.writes) return;
    const { generation, current, states } = before;
    if (generation !== null && generation !== current) {
      const what = `${method} under claim ${generation} changed ${this.#nameOf(host)}, whose claims are at ${current}`;
      this.#violation ??= new Violation("an older claim changes nothing", what);
    }
    const entered = this.truth.headOn(idOf(host), host.disk)?.states.slice(states) ?? [];
    if (method === "propose" && entered.length > 0) this.#checkTransition(host, args[2] as Packed<StateInput>);
    if (generation !== null || (method === "propose" && this.#isOfWorker(args[2] as Packed<StateInput>))) return;
    for (const { id } of entered) this.runs.get(idOf(host)).asked.add(id);
  }
}

interface Before {
  writes: number;
  /** The run's generation, and the one that the call names; null where it names none. */
  current: number;
  generation: unknown;
  states: number;
}

const idOf = (host: ObjectHost): string => host.name.split("/").at(-1) as string;
