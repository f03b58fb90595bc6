/**
 * The frames of a client's socket.
 *
 * AP11 Frames are read in order, and none is lost: those that come while nobody reads wait. A socket that sends more than an
 *      honest client would, at once or in a second, a frame above 2 MiB, or bytes instead of text, is closed with the
 *      reason; nothing that comes after is kept.
 */
import { FRAMES_A_SECOND, FramePace } from "@millrace/domain/limit/frame-pace.ts";

/** Longest frame that is read, in bytes. */
const LONGEST_FRAME = 2 * 1024 * 1024;
/** Frames, and characters of them, that wait before the socket is given up: nobody sends so much without being answered. */
const MOST_WAITING = 10_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;

const [PROTOCOL_ERROR, POLICY_VIOLATION, TOO_BIG, TRY_AGAIN_LATER] = [1002, 1008, 1009, 1013];
const TOO_LONG = "A frame holds at most 2 MiB: send less in one event, or keep it elsewhere and name it";
const TOO_FAST = `Too fast: at most ${FRAMES_A_SECOND} frames, and 16 MiB of them, in a second`;

/** A frame as an object; null for what is none. */
export type Frame = { type?: unknown; [field: string]: unknown } | null;

export class Inbox {
  readonly #socket: WebSocket;
  #waiting: string[] = [];
  #characters = 0;
  #reader: ((text: string | null) => void) | null = null;
  readonly #listeners: ((text: string) => void)[] = [];
  readonly #onClose: (() => void)[] = [];
  readonly #pace = new FramePace(Date.now());
  #closed = false;

  /** Takes over the socket's frames; must be made in the same turn in which the socket is accepted. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", () => this.#close());
    socket.addEventListener("error", () => this.#close());
  }

  /** The next frame; null where none came within so many milliseconds, or the socket closed. */
  next(within: number): Promise<Frame> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      this.#characters -= waiting.length;
      return Promise.resolve(readFrame(waiting));
    }
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => {
      const done = (text: string | null): void => {
        clearTimeout(timer);
        this.#reader = null;
        resolve(text === null ? null : readFrame(text));
      };
      const timer = setTimeout(() => done(null), within);
      this.#reader = done;
    });
  }

  /** Hands every frame to `onText` from now on, those that wait first; several may listen. */
  forward(onText: (text: string) => void, onClose: () => void): void {
    this.#listeners.push(onText);
    this.#characters = 0;
    for (const text of this.#waiting.splice(0)) onText(text);
    this.whenClosed(onClose);
  }

  /** Calls back when the socket has closed; at once where it has. */
  whenClosed(onClose: () => void): void {
    if (this.#closed) onClose();
    else this.#onClose.push(onClose);
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    if (typeof data !== "string") this.#giveUp(PROTOCOL_ERROR, "Frames are JSON text, not bytes");
    else if (isTooLong(data)) this.#giveUp(TOO_BIG, TOO_LONG);
    else if (!this.#pace.take(data.length, Date.now())) this.#giveUp(TRY_AGAIN_LATER, TOO_FAST);
    else if (this.#listeners.length > 0) for (const onText of this.#listeners) onText(data);
    else if (this.#reader) this.#reader(data);
    else {
      this.#characters += data.length;
      if (this.#waiting.push(data) > MOST_WAITING || this.#characters > MOST_CHARACTERS)
        this.#giveUp(POLICY_VIOLATION, "Too many frames before the first answer");
    }
  }

  #giveUp(code: number, reason: string): void {
    closeQuietly(this.#socket, code, reason);
    this.#waiting = [];
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#socket, 1000, "");
    this.#reader?.(null);
    for (const onClose of this.#onClose) onClose();
  }
}

/** Most characters take one byte, some up to three: they are counted only where it matters. */
const isTooLong = (text: string): boolean =>
  text.length > LONGEST_FRAME ||
  (text.length * 3 > LONGEST_FRAME && new TextEncoder().encode(text).byteLength > LONGEST_FRAME);

/** Reads a frame's text. */
export function readFrame(text: string): Frame {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Frame) : null;
  } catch {
    return null;
  }
}

/** Closes without caring whether it is closed already. */
export function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.slice(0, 120));
  } catch {
    // Closed meanwhile.
  }
}
