/** Task-run events on their way to the API: in order, in batches of at most 100 ms, never dropped while the run lives. */
import type { Client } from "../api/connect.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { TaskRunEvent } from "./task-run-event.ts";

/** An event waits at most this long before it is sent. */
export const EVENT_DELAY_MS = 100;
/** Most events of one call: the wire takes 1,000. */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 2_000_000;
/** What may wait while the API is away; beyond it tasks wait before they begin. */
const CAPACITY_BYTES = 16_000_000;

export class EventSink {
  readonly #queue: BatchQueue<TaskRunEvent>;

  /** `onFailure` is told of events that the API refused, or that could not be brought to it. */
  constructor(api: Client, onFailure: (error: unknown, count: number) => void) {
    this.#queue = new BatchQueue<TaskRunEvent>({
      send: (events) => api("POST /events", { body: events }),
      weigh: (event) => 1200 + event.resource["prefect.state-message"]!.length * 3,
      delayMs: EVENT_DELAY_MS,
      maxItems: BATCH_EVENTS,
      maxBytes: BATCH_BYTES,
      capacityBytes: CAPACITY_BYTES,
      onFailure: (error, events) => onFailure(error, events.length),
    });
  }

  push(event: TaskRunEvent): void {
    this.#queue.push(event);
  }

  /** Resolves when there is room for more events. */
  room(): Promise<void> {
    return this.#queue.room();
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }
}
