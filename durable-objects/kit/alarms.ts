/**
 * The one physical alarm of an object, armed for the earliest of its logical ones (domain/alarms.ts).
 *
 * KI4  It is set only to come earlier: setting it costs a row and an fsync of its own, and an alarm that rings early finds
 *      nothing due and arms the next one. One that should have rung long ago was lost, and is set anew by whoever asks next.
 */
import { fromMilliseconds, type Instant, MILLISECOND } from "@millrace/domain/time.ts";

/** Milliseconds by which an alarm may be late. The platform promises to ring; whoever relies on that alone waits for ever, once. */
const LATE = 60_000;

export class PhysicalAlarm {
  readonly #storage: DurableObjectStorage;
  /** When it rings; null: not set; undefined: not looked up yet. */
  #set: number | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Makes sure that the object wakes no later than `at`. */
  async wakeBy(at: Instant | null): Promise<void> {
    if (at === null) return;
    const milliseconds = Math.ceil(at / MILLISECOND);
    if (this.#set === undefined) {
      const set = await this.#storage.getAlarm();
      // Whoever asked at the same time may have set an earlier one.
      if (this.#set === undefined) this.#set = set;
    }
    const isLost = this.#set !== null && this.#set < Date.now() - LATE;
    if (this.#set !== null && this.#set <= milliseconds && !isLost) return;
    this.#set = milliseconds;
    try {
      await this.#storage.setAlarm(milliseconds);
    } catch (error) {
      this.#set = undefined;
      throw error;
    }
  }

  /** Nothing is to wake the object. */
  async off(): Promise<void> {
    this.#set = null;
    await this.#storage.deleteAlarm();
  }

  /** To be called first when it rings. */
  rang(): void {
    this.#set = null;
  }
}

/** The object's clock. The server's own: clocks of agents and clients never decide anything. */
export const now = (): Instant => fromMilliseconds(Date.now());
