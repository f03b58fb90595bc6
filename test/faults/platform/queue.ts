/**
 * A queue that loses, doubles, delays and shuffles its messages, with a consumer that may fail, and a queue for what failed too often.
 * Its settings are those of wrangler.toml.
 */
import type { Network } from "./network.ts";
import { copy } from "./network.ts";
import type { Random } from "./random.ts";
import { callOff, type Planned } from "./time.ts";

/** Tries after the first one. */
const MAX_RETRIES = 5;
const MAX_BATCH = 100;
/** Milliseconds, at most, for which a late message is late. */
const LATE = 60_000;
/** Milliseconds until messages of a batch that nobody acknowledged are given again. */
const REDELIVERY = 5_000;

interface Held {
  id: string;
  body: unknown;
  timestamp: Date;
  attempts: number;
}

/** As much of a batch as consumers look at. */
export interface Batch {
  queue: string;
  messages: {
    id: string;
    body: unknown;
    timestamp: Date;
    attempts: number;
    ack(): void;
    retry(options?: { delaySeconds?: number }): void;
  }[];
}

export class SimulatedQueue {
  /** What became of the messages. */
  readonly counts = { sent: 0, lost: 0, doubled: 0, delivered: 0, dead: 0 };
  /** Hears of each message that is lost, and of each that is taken. */
  onLost: ((body: unknown) => void) | null = null;
  onTaken: ((body: unknown) => void) | null = null;
  readonly #name: string;
  readonly #network: Network;
  readonly #random: Random;
  readonly #consume: (batch: Batch) => Promise<void>;
  #ready: Held[] = [];
  #wake: Planned | null = null;

  constructor(name: string, network: Network, consume: (batch: Batch) => Promise<void>) {
    this.#name = name;
    this.#network = network;
    this.#random = network.dice.at(name);
    this.#consume = consume;
  }

  /** Takes a message; what the sender is told of it may be wrong either way. */
  async send(body: unknown): Promise<void> {
    const { weather } = this.#network;
    const random = this.#diceOf(body);
    this.#take(body, random);
    if (random.chance(weather.queueForgets)) throw new Error("Network connection lost.");
  }

  /** Messages of one run meet the same fate, whatever becomes of others. */
  #diceOf(body: unknown): Random {
    return this.#network.dice.at(`message of ${(body as { run?: string }).run}`);
  }

  #take(body: unknown, random: Random): void {
    const { weather } = this.#network;
    this.counts.sent += 1;
    this.onTaken?.(body);
    const timestamp = new Date(this.#network.time.now);
    const message: Held = { id: `m${this.counts.sent}`, body: copy(body), timestamp, attempts: 0 };
    if (random.chance(weather.queueLost)) {
      this.counts.lost += 1;
      this.onLost?.(body);
      return;
    }
    this.#keep(message, random);
    if (random.chance(weather.queueTwice)) {
      this.counts.doubled += 1;
      this.#keep({ ...message }, random);
    }
  }

  #keep(message: Held, random: Random): void {
    const late = random.chance(this.#network.weather.queueLate);
    this.#later(message, late ? random.between(0, LATE) : this.#network.delay(random));
  }

  #later(message: Held, milliseconds: number): void {
    this.#network.time.after(milliseconds, () => {
      // In any order: a message goes to a place of its own among those that wait.
      this.#ready.splice(this.#random.below(this.#ready.length + 1), 0, message);
      this.#wake ??= this.#network.time.after(1, () => this.#deliver());
    });
  }

  #deliver(): void {
    callOff(this.#wake);
    this.#wake = null;
    const batch = this.#ready.splice(0, MAX_BATCH);
    if (batch.length === 0) return;
    const settled = new Set<Held>();
    const again = (held: Held, milliseconds: number) => {
      if (settled.has(held)) return;
      settled.add(held);
      held.attempts += 1;
      if (held.attempts <= MAX_RETRIES) this.#later(held, milliseconds);
      else this.#park(held);
    };
    this.counts.delivered += batch.length;
    const { weather, time } = this.#network;
    const messages = batch.map((held) => ({
      id: held.id,
      body: copy(held.body),
      timestamp: held.timestamp,
      attempts: held.attempts + 1,
      ack: () => void settled.add(held),
      retry: ({ delaySeconds = 0 } = {}) => again(held, delaySeconds * 1000),
    }));
    // A consumer that dies half way acknowledges nothing.
    if (this.#random.chance(weather.crash)) {
      for (const held of batch) again(held, REDELIVERY);
      return;
    }
    const acknowledgeRest = () => {
      for (const held of batch) settled.add(held);
    };
    const redeliverRest = () => {
      for (const held of batch) again(held, REDELIVERY);
    };
    this.#consume({ queue: this.#name, messages }).then(acknowledgeRest, redeliverRest);
    if (this.#ready.length > 0) this.#wake = time.after(1, () => this.#deliver());
  }

  /** Gives the message to the consumer of what failed too often. */
  #park(held: Held): void {
    this.counts.dead += 1;
    this.#network.time.after(this.#network.delay(this.#random), () => {
      const message = { ...held, ack: () => {}, retry: () => this.#park(held) };
      this.#consume({ queue: `${this.#name}-dead`, messages: [message] }).catch(() => this.#park(held));
    });
  }
}
