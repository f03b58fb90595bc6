/**
 * What has been started, and how to end it: in reverse order, each part once, whatever another one does.
 * A part registers the moment it exists, so that a start which fails half way leaves as little behind as a full stop;
 * one that comes after the end has begun is ended too.
 */
export class Teardown {
  readonly #parts: { name: string; end: () => void | Promise<void> }[] = [];
  #running: Promise<void> | null = null;

  add(name: string, end: () => void | Promise<void>): void {
    if (this.#running === null) {
      this.#parts.push({ name, end });
      return;
    }
    void end();
    throw new Error(`${name} came up while everything was ended.`);
  }

  /** Ends everything; a second call waits for the first. Problems are told to `complain`, and stop nothing. */
  run(complain: (sentence: string) => void): Promise<void> {
    this.#running ??= this.#endAll(complain);
    return this.#running;
  }

  async #endAll(complain: (sentence: string) => void): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.end();
      } catch (error) {
        complain(`Ending ${part.name} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
