/**
 * One Durable Object: what it has written, and the instance that lives at the moment, if one does.
 *
 * OH1  An instance is made by the first call, and gone with all its memory after a crash or while nothing happens; what it has
 *      written stays. Between two awaits of an object there is no half: all its writes are there, or its life ended before them.
 * OH2  A call that its object's end cuts off fails with the mark `durableObjectReset`, whether or not it was begun.
 * OH3  An alarm rings at least once: one whose object dies while it rings, rings again. Where the weather has it, one is lost: never
 *      rung, or failed seven times. Its object then finds no alarm, or one that is long past.
 * OH4  Sockets and their attachments outlive an instance that sleeps, and die with one that crashes.
 */
import { Gone, Life } from "./life.ts";
import { Disk } from "./memory-store.ts";
import { copy, type Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { SocketEnd, SocketPair } from "./sockets.ts";
import { callOff, type Planned } from "./time.ts";

/** What the platform calls of an object's class. */
export interface Instance {
  [method: string]: unknown;
}

export type ObjectClass = new (ctx: unknown, env: unknown) => Instance;

/** What a simulation wants to see of calls as they are made: `before` and `after` the part up to the first await. */
export interface Witness {
  /** `who` is about to do something, or has just done it: a moment at which its end matters. */
  at?(who: string, what: string): void;
  /** A frame comes to an object, by its end of a socket. */
  heard?(host: ObjectHost, socket: SocketEnd, text: string): void;
  before(host: ObjectHost, method: string, args: readonly unknown[]): unknown;
  after(host: ObjectHost, method: string, args: readonly unknown[], seen: unknown): void;
}

/** Milliseconds until an alarm that was cut off rings again. */
const ALARM_RETRY = 2_000;
/** Milliseconds, at most, by which an alarm is late. */
const ALARM_LATE = 60_000;
/** How often the platform tries to ring. */
const ALARM_TRIES = 7;
/** Milliseconds within which somebody who is struck dies. */
const MOMENT = 40;

type Method = (...args: unknown[]) => unknown;

export class ObjectHost {
  readonly name: string;
  readonly disk = new Disk();
  readonly #classOf: () => ObjectClass;
  readonly #network: Network;
  readonly #random: Random;
  readonly #env: (life: Life) => unknown;
  readonly #witness: Witness;
  #life: Life | null = null;
  #instance: Instance | null = null;
  /** With the tags by which the object finds them. */
  #sockets = new Map<SocketEnd, string[]>();
  #autoResponse: { request: string; response: string } | null = null;
  readonly #cutOff = new Set<(error: Error) => void>();
  /** Alarms that never rang. */
  lostAlarms = 0;
  #alarm: number | null = null;
  #alarmPlan: Planned | null = null;
  /** When the alarm was due that rings at the moment. */
  #ringing: number | null = null;
  /** Tries to ring that are still to fail. */
  #failing = 0;

  constructor(
    name: string,
    classOf: () => ObjectClass,
    { network, env, witness }: { network: Network; env: (life: Life) => unknown; witness: Witness },
  ) {
    this.name = name;
    this.#classOf = classOf;
    this.#network = network;
    this.#random = network.dice.at(name);
    this.#env = env;
    this.#witness = witness;
  }

  get isAwake(): boolean {
    return this.#life !== null;
  }

  /** Whether an alarm is to ring, or rings at the moment; one that was lost is not. */
  get rings(): boolean {
    return this.#ringing !== null || this.#alarmPlan?.happen != null;
  }

  /** When the alarm is to ring, by the server's clock; null where none is set. */
  get alarmAt(): number | null {
    return this.#alarm;
  }

  /** Calls a method as the platform does. */
  deliver(method: string, args: readonly unknown[]): Promise<unknown> {
    return this.#attempt(method, (instance) => {
      const seen = this.#witness.before(this, method, args);
      const answer = (instance[method] as Method).apply(instance, args.map(copy));
      this.#witness.after(this, method, args, seen);
      return answer;
    });
  }

  /** Opens a socket to the object through its `fetch`; answers the client's end, or null where it was refused. */
  async connect(client: string, url: string, headers: Record<string, string>): Promise<SocketPair | null> {
    const request = { url, headers: new Headers(headers) };
    const answer = await this.#attempt("fetch", (instance) => (instance.fetch as Method)(request));
    const { webSocket } = answer as { webSocket: SocketEnd | null };
    const random = this.#network.dice.at(`line of ${client} to ${this.name}`);
    webSocket?.pair.join(this.#network.time, () => this.#network.delay(random));
    return webSocket?.pair ?? null;
  }

  /** Ends the instance at once. What it has written stays, what it was doing is cut off. */
  crash(why: string): void {
    const life = this.#life;
    if (!life) return;
    this.#life = null;
    this.#instance = null;
    life.end();
    for (const socket of this.#sockets.keys()) socket.pair.serverDied();
    this.#sockets.clear();
    const error = Object.assign(new Error(`${this.name}: ${why}`), { durableObjectReset: true });
    for (const cut of [...this.#cutOff]) cut(error);
    this.#cutOff.clear();
    if (this.#ringing === null) return;
    this.#ringing = null;
    this.#setAlarm(this.#alarm ?? this.#network.time.wall + ALARM_RETRY);
  }

  /** Puts the instance to sleep if nothing happens in it. True if it sleeps now. */
  sleep(): boolean {
    const life = this.#life;
    if (!life || life.calls > 0 || life.timers > 0) return false;
    life.end();
    this.#life = null;
    this.#instance = null;
    return true;
  }

  /** The live instance, made if there is none. */
  #wake(): { life: Life; instance: Instance } {
    if (this.#life && this.#instance) return { life: this.#life, instance: this.#instance };
    const life = new Life(this.name);
    this.#life = life;
    const instance = life.run(() => new (this.#classOf())(this.#context(life), this.#env(life)));
    this.#instance = instance;
    return { life, instance };
  }

  /** Does one piece of work in the instance; it may be struck by a crash soon after. */
  #attempt(what: string, work: (instance: Instance) => unknown): Promise<unknown> {
    const { life, instance } = this.#wake();
    life.calls += 1;
    const { weather, time } = this.#network;
    const random = this.#random;
    return new Promise<unknown>((resolve, reject) => {
      this.#cutOff.add(reject);
      const end = (settle: () => void) => {
        if (!life.alive) return;
        life.calls -= 1;
        this.#cutOff.delete(reject);
        settle();
        if (random.chance(weather.evict)) this.sleep();
      };
      life
        .run(async () => {
          this.#passes(`begins ${what}`, life);
          const answer = work(instance);
          this.#passes(`has begun ${what}`, life);
          const last = await answer;
          this.#passes(`answers ${what}`, life);
          return last;
        })
        .then(
          (answer) => end(() => resolve(answer)),
          (error) => end(() => reject(error)),
        );
      if (random.chance(weather.crash)) {
        time.after(random.between(0, MOMENT), () => life.alive && this.crash("it crashed"));
      }
    });
  }

  /** A moment of a life; it may be its last. */
  #passes(what: string, life: Life): void {
    this.#witness.at?.(this.name, what);
    if (!life.alive) throw new Gone(life.name);
  }

  #context(life: Life): unknown {
    const mayWrite = () => {
      if (!life.alive) throw new Gone(life.name);
    };
    const storage = {
      disk: this.disk,
      mayWrite,
      getAlarm: async () => this.#alarm,
      setAlarm: async (at: number) => {
        mayWrite();
        this.#passes("sets its alarm", life);
        this.#setAlarm(at);
      },
    };
    return complete("ctx", {
      id: complete("ctx.id", { name: this.name.slice(this.name.indexOf("/") + 1) }),
      storage: complete("ctx.storage", storage),
      waitUntil: (work: Promise<unknown>) => {
        work.catch((error) => {
          if (!isExpected(error)) throw error;
        });
      },
      abort: (why: string) => {
        if (life.alive) this.crash(why);
      },
      acceptWebSocket: (socket: SocketEnd, tags: string[] = []) => this.#accept(socket, tags),
      getWebSockets: (tag?: string) =>
        life.alive ? [...this.#sockets].flatMap(([socket, tags]) => (!tag || tags.includes(tag) ? [socket] : [])) : [],
      setWebSocketAutoResponse: (pair: { request: string; response: string }) => {
        this.#autoResponse = pair;
      },
      getWebSocketAutoResponseTimestamp: (socket: SocketEnd) => socket.lastAutoResponse,
    });
  }

  #accept(socket: SocketEnd, tags: string[]): void {
    this.#sockets.set(socket, tags);
    socket.listener = {
      text: (text) => {
        if (text === this.#autoResponse?.request) {
          socket.lastAutoResponse = new Date(this.#network.time.wall);
          if (socket.open) socket.send(this.#autoResponse.response);
          return;
        }
        const { type = "text" } = JSON.parse(text) as { type?: string };
        this.#happens(`frame ${type}`, (instance) => {
          this.#witness.heard?.(this, socket, text);
          return (instance.webSocketMessage as Method)(socket, text);
        });
      },
      closed: (code, reason) => {
        this.#happens(
          "close",
          (instance) => (instance.webSocketClose as Method)(socket, code, reason, code !== 1006),
          () => this.#sockets.delete(socket),
        );
      },
    };
  }

  /** Something that nobody waits for. A failure of the object's own is the simulation's to see. */
  #happens(what: string, work: (instance: Instance) => unknown, then: () => void = () => {}): void {
    this.#attempt(what, work).then(then, (error) => {
      then();
      if (!isExpected(error)) throw error;
    });
  }

  /** One that is set while another rings waits until that has rung out. */
  #setAlarm(at: number): void {
    this.#alarm = at;
    callOff(this.#alarmPlan);
    if (this.#ringing !== null) return;
    const { time, weather } = this.#network;
    const random = this.#random;
    const late = random.chance(weather.alarmLate) ? random.between(0, ALARM_LATE) : this.#network.delay(random);
    this.#alarmPlan = time.after(at - time.wall + late, () => this.#ring());
  }

  #ring(): void {
    const { weather } = this.#network;
    const random = this.#random;
    if (this.#failing > 0 || random.chance(weather.alarmFails)) this.#failToRing();
    else if (random.chance(weather.alarmLost)) this.#loseAlarm();
    else this.#wakeForAlarm();
  }

  #wakeForAlarm(): void {
    const { weather, time } = this.#network;
    const random = this.#random;
    this.#ringing = this.#alarm;
    this.#alarm = null;
    const rungOut = () => {
      this.#ringing = null;
      if (this.#alarm !== null) this.#setAlarm(this.#alarm);
      else if (random.chance(weather.alarmTwice)) this.#setAlarm(time.wall + random.between(0, ALARM_RETRY));
    };
    this.#attempt("alarm", (instance) => (instance.alarm as Method)()).then(rungOut, (error) => {
      if (!isReset(error)) throw error;
    });
  }

  /** The object dies before it has done anything, as often as the platform tries. */
  #failToRing(): void {
    this.#failing = (this.#failing || ALARM_TRIES) - 1;
    this.crash("it failed");
    const pause = ALARM_RETRY * 2 ** (ALARM_TRIES - 1 - this.#failing);
    if (this.#failing === 0) this.#loseAlarm();
    else this.#alarmPlan = this.#network.time.after(pause, () => this.#ring());
  }

  /** It never rings, and is gone, or stays where it was. */
  #loseAlarm(): void {
    this.lostAlarms += 1;
    if (this.#random.chance(0.5)) this.#alarm = null;
  }
}

/** Whoever asks for what the platform of the simulation lacks is to be heard: production code would take it for a failure of its own. */
function complete<T extends object>(name: string, parts: T): T {
  return new Proxy(parts, {
    get(_, part) {
      if (part in parts) return parts[part as keyof T];
      void Promise.reject(new Error(`The simulation's ${name} has no ${String(part)}: add it to the platform.`));
    },
  });
}

export const isReset = (error: unknown): boolean =>
  error instanceof Error && (error as { durableObjectReset?: boolean }).durableObjectReset === true;

/** What the platform's faults make of calls, as against what is wrong with the code. */
export const isExpected = (error: unknown): boolean =>
  isReset(error) || (error instanceof Error && /Network connection lost|D1_ERROR/.test(error.message));
