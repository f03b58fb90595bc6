/**
 * The simulation's time: a list of what happens when, and nothing between.
 *
 * TI1  What is due at one instant happens in the order in which it was planned.
 * TI2  Before the next thing happens, all that follows from the last one at once (its promises) has happened.
 */
import { setImmediate } from "node:timers";

/** 2026-11-24 12:00 UTC, in milliseconds. Simulations begin here. */
const BEGINNING = 1_795_521_600_000;

export interface Planned {
  at: number;
  order: number;
  happen: (() => void) | null;
}

export class Time {
  /** Milliseconds since the beginning. */
  now = 0;
  /** Milliseconds by which the server's clock is wrong, how often it stepped, and the least and the most that they ever were. */
  skew = 0;
  steps = 0;
  leastSkew = 0;
  mostSkew = 0;
  /** How many things have happened. */
  happened = 0;
  #order = 0;
  readonly #heap: Planned[] = [];

  /** What the server's clock shows, in milliseconds since 1970. */
  get wall(): number {
    return Math.floor(BEGINNING + this.now + this.skew);
  }

  /** The server's clock steps. */
  step(milliseconds: number): void {
    this.steps += 1;
    this.skew += milliseconds;
    this.leastSkew = Math.min(this.leastSkew, this.skew);
    this.mostSkew = Math.max(this.mostSkew, this.skew);
  }

  /** Plans; the answer can be called off. */
  after(milliseconds: number, happen: () => void): Planned {
    const planned = { at: this.now + Math.max(milliseconds, 0), order: this.#order++, happen };
    this.#push(planned);
    return planned;
  }

  /** Plans what is due when the server's clock shows `wall`. */
  atWall(wall: number, happen: () => void): Planned {
    return this.after(wall - this.wall, happen);
  }

  /** Lets `milliseconds` go by, with all that happens in them. `between` is called after each thing that happened. */
  async pass(milliseconds: number, between?: () => void): Promise<void> {
    const until = this.now + milliseconds;
    await atRest();
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      const { happen } = next;
      if (happen === null) continue;
      this.now = next.at;
      next.happen = null;
      this.happened += 1;
      happen();
      await settled();
      between?.();
    }
    this.now = until;
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isSooner(planned, heap[above] as Planned)) break;
      heap[at] = heap[above] as Planned;
      at = above;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isSooner(heap[below + 1] as Planned, heap[below] as Planned)) below += 1;
      if (!isSooner(heap[below] as Planned, last)) break;
      heap[at] = heap[below] as Planned;
      at = below;
    }
    heap[at] = last;
  }
}

export function callOff(planned: Planned | null | undefined): void {
  if (planned) planned.happen = null;
}

const isSooner = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Node's own, whatever the globals are by now. */
const [immediate, nextTick] = [setImmediate, process.nextTick];
/** Resolves when no promise has anything left to do, and the process has looked after everything else that waits. */
const atRest = (): Promise<void> => new Promise((resolve) => immediate(resolve));
/**
 * Resolves when no promise has anything left to do; a tenth of the work of `atRest`. To be called where a promise goes on: only there
 * Node has all promises before the next tick.
 */
const settled = (): Promise<void> => new Promise((resolve) => nextTick(resolve));
