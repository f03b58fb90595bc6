/**
 * Websockets of the simulation: two ends, and between them a line in each direction.
 *
 * SO1  What goes into a line comes out in the same order, however long it takes; a close comes after what was sent before it.
 * SO2  A line that is held keeps what it is given until it is let go. A line that is cut loses what is on its way, and neither end
 *      is told.
 */
import type { Time } from "./time.ts";

/** What an end hears. */
export interface Listener {
  text(text: string): void;
  closed(code: number, reason: string): void;
}

interface Item {
  text: string | null;
  code: number;
  reason: string;
}

/** One direction of a connection. */
class Line {
  held = false;
  isCut = false;
  readonly #kept: Item[] = [];
  #last = 0;

  /** Takes an item that is to arrive after `delay`, and not before those that were sent earlier. */
  send(time: Time, delay: number, item: Item, arrive: (item: Item) => void): void {
    if (this.isCut) return;
    const at = Math.max(this.#last, time.now + delay);
    this.#last = at;
    time.after(at - time.now, () => {
      if (this.isCut) return;
      if (this.held || this.#kept.length > 0) this.#kept.push(item);
      else arrive(item);
    });
  }

  release(arrive: (item: Item) => void): void {
    this.held = false;
    while (!this.held && !this.isCut) {
      const item = this.#kept.shift();
      if (!item) return;
      arrive(item);
    }
  }
}

/** One end. The server's has an attachment, which lives as long as the connection. */
export class SocketEnd {
  open = true;
  #listener: Listener | null = null;
  /** What came before anybody listened. */
  #unheard: Item[] = [];
  /** When the runtime last answered a ping here by itself. */
  lastAutoResponse: Date | null = null;
  #attachment = "null";
  readonly #pair: SocketPair;
  readonly #isServer: boolean;

  constructor(pair: SocketPair, isServer: boolean) {
    this.#pair = pair;
    this.#isServer = isServer;
  }

  get listener(): Listener | null {
    return this.#listener;
  }

  set listener(listener: Listener | null) {
    this.#listener = listener;
    if (listener) for (const item of this.#unheard.splice(0)) this.hear(item);
  }

  /** Something has come. */
  hear(item: Item): void {
    if (!this.#listener) this.#unheard.push(item);
    else if (item.text !== null) this.#listener.text(item.text);
    else this.#listener.closed(item.code, item.reason);
  }

  send(text: string): void {
    if (!this.open) throw new Error("This socket is closed.");
    this.#pair.carry(this.#isServer, { text, code: 0, reason: "" });
  }

  close(code = 1005, reason = ""): void {
    if (!this.open) return;
    this.open = false;
    this.#pair.carry(this.#isServer, { text: null, code, reason });
  }

  serializeAttachment(value: unknown): void {
    this.#attachment = JSON.stringify(value ?? null);
  }

  deserializeAttachment(): unknown {
    return JSON.parse(this.#attachment);
  }

  /** As a websocket says it: open, or closed. */
  get readyState(): number {
    return this.open ? 1 : 3;
  }

  /** The pair that this end belongs to. */
  get pair(): SocketPair {
    return this.#pair;
  }
}

/** Stands for `WebSocketPair`: made by an object, which keeps the second end and gives the first one away. */
export class SocketPair {
  readonly 0: SocketEnd;
  readonly 1: SocketEnd;
  readonly #up = new Line();
  readonly #down = new Line();
  #wire: { time: Time; delay: () => number } | null = null;

  constructor() {
    this[0] = new SocketEnd(this, false);
    this[1] = new SocketEnd(this, true);
  }

  /** Joins the ends; what was sent before is on its way from now on. */
  join(time: Time, delay: () => number): void {
    this.#wire = { time, delay };
    for (const { fromServer, item } of this.#early.splice(0)) this.carry(fromServer, item);
  }

  readonly #early: { fromServer: boolean; item: Item }[] = [];

  carry(fromServer: boolean, item: Item): void {
    if (!this.#wire) {
      this.#early.push({ fromServer, item });
      return;
    }
    const line = fromServer ? this.#down : this.#up;
    line.send(this.#wire.time, this.#wire.delay(), item, (one) => this.#arrive(fromServer, one));
  }

  #arrive(fromServer: boolean, item: Item): void {
    const end = this[fromServer ? 0 : 1];
    if (item.text !== null) {
      if (end.open) end.hear(item);
      return;
    }
    const wasOpen = end.open;
    end.open = false;
    end.hear(item);
    // The other end answers a close with one, which carries no news.
    if (wasOpen) this.carry(!fromServer, { ...item });
  }

  /** Holds what goes up (to the server), down, or both ways. */
  hold(up: boolean, down: boolean): void {
    this.#up.held ||= up;
    this.#down.held ||= down;
  }

  letGo(): void {
    if (this.#up.held) this.#up.release((item) => this.#arrive(false, item));
    if (this.#down.held) this.#down.release((item) => this.#arrive(true, item));
  }

  get isCut(): boolean {
    return this.#up.isCut || this.#down.isCut;
  }

  /** What is on its way is lost for good, and nothing more comes through. */
  cut(): void {
    this.#up.isCut = true;
    this.#down.isCut = true;
  }

  /** The connection breaks, as when a proxy between them ends: each end is told. */
  breakOff(): void {
    const { listener } = this[0];
    this.clientDied();
    listener?.closed(1006, "");
  }

  /** The server's end is gone with its process; the client's is told, if the line carries it. */
  serverDied(): void {
    this[1].open = false;
    this[1].listener = null;
    this.#up.isCut = true;
    this.carry(true, { text: null, code: 1006, reason: "" });
  }

  /** The client's end is gone with its process; the server's is told, if the line carries it. */
  clientDied(): void {
    if (!this[0].open) return;
    this[0].open = false;
    this[0].listener = null;
    this.#down.isCut = true;
    this.carry(false, { text: null, code: 1006, reason: "" });
  }
}
