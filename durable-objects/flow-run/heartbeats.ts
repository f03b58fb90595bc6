/** Signs of life of a run's process, as Prefect's client sends them: one row, rewritten by each. */
import { beaten, type Heartbeat } from "@millrace/domain/flow-run/timers.ts";
import { isObject } from "@millrace/domain/json.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";

const KEY = "heartbeat";
const EVENT = "prefect.flow-run.heartbeat";
const RESOURCE = "prefect.flow-run.";

/** The flow run of which an event is a sign of life; null for every other event. */
export function heartbeatOf(event: unknown): string | null {
  if (!isObject(event) || event.event !== EVENT || !isObject(event.resource)) return null;
  const id = event.resource["prefect.resource.id"];
  return typeof id === "string" && id.startsWith(RESOURCE) ? id.slice(RESOURCE.length) : null;
}

export class Heartbeats {
  readonly #store: Store;
  #last: Heartbeat | null | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The last one; null where there was none. */
  get last(): Heartbeat | null {
    if (this.#last === undefined) this.#last = JSON.parse(this.#store.get(KEY) ?? "null") as Heartbeat | null;
    return this.#last;
  }

  /** Takes note of one. Must stand in a transaction. */
  hear(now: Instant): Heartbeat {
    this.#last = beaten(this.last, now);
    this.#store.put(KEY, JSON.stringify(this.#last));
    return this.#last;
  }

  /** Drops what is only in memory, after a transaction that failed. */
  forget(): void {
    this.#last = undefined;
  }
}
