/**
 * Somebody who does things until the end comes: an object while it is in memory, an agent's process, a client.
 *
 * LI1  Whoever's life has ended does nothing any more: timers do not ring, answers do not come, writes are refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const living = new AsyncLocalStorage<Life>();

/** Whose turn it is; undefined for the simulation itself. */
export const currentLife = (): Life | undefined => living.getStore();

/** What code meets that goes on after its end. Nobody is to hear of it. */
export class Gone extends Error {
  override name = "Gone";
}

export class Life {
  readonly name: string;
  alive = true;
  /** Timers that are set: while there are any, an object does not sleep. */
  timers = 0;
  /** Calls that are under way. */
  calls = 0;
  /** Until when it does nothing, as a process that was stopped or waits for its memory. */
  frozenUntil = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Does `work` as this one's. */
  run<T>(work: () => T): T {
    return living.run(this, work);
  }

  end(): void {
    this.alive = false;
  }
}
