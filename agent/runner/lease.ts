/**
 * Until when this agent may take its claims for its own. The lease belongs to the session and the server counts it from the
 * last frame it got; the agent counts from the last frame that it *knows* to have arrived, so its clock always runs out first,
 * and no run is executed twice after a cut line.
 *
 * A pong proves that everything sent before its ping has arrived. Times are milliseconds of one monotonic clock.
 */
export class Lease {
  #leaseMs: number;
  #deadline = 0;
  #lastSent = 0;
  /** For each ping that is unanswered: when the last frame before it was sent. */
  #unanswered: number[] = [];

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** The server welcomed a `hello` that was sent at `sentAt`. */
  welcomed(sentAt: number, leaseMs: number): void {
    this.#leaseMs = leaseMs;
    this.#unanswered = [];
    this.#lastSent = sentAt;
    this.#deadline = sentAt + leaseMs;
  }

  /** A frame went out that prolongs the lease when it arrives. */
  frameSent(at: number): void {
    this.#lastSent = at;
  }

  pingSent(): void {
    this.#unanswered.push(this.#lastSent);
  }

  /** Pongs come in the order of their pings. */
  pongReceived(): void {
    const sent = this.#unanswered.shift();
    if (sent !== undefined) this.#deadline = Math.max(this.#deadline, sent + this.#leaseMs);
  }

  /** A run began: its acceptance is a frame of this moment. */
  claimed(at: number): void {
    this.#lastSent = at;
    this.#deadline = Math.max(this.#deadline, at + this.#leaseMs);
  }

  /** Milliseconds that are left at `now`; zero or less: whatever runs must be ended. */
  left(now: number): number {
    return this.#deadline - now;
  }

  get leaseMs(): number {
    return this.#leaseMs;
  }
}
