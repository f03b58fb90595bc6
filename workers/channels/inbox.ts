/**
 * The frames of a client's socket, in order, none lost: those that come while nobody is reading wait.
 */

/** Longest frame that is read, in characters. */
const LONGEST_FRAME = 2 * 1024 * 1024;
/** Frames that wait before the socket is given up: nobody sends so many without being answered. */
const MOST_WAITING = 10_000;

/** A frame as an object; null for what is none. */
export type Frame = { type?: unknown; [field: string]: unknown } | null;

export class Inbox {
  readonly #socket: WebSocket;
  #waiting: string[] = [];
  #reader: ((text: string | null) => void) | null = null;
  #onText: ((text: string) => void) | null = null;
  #onClose: () => void = () => {};
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
    if (waiting !== undefined) return Promise.resolve(readFrame(waiting));
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

  /** Hands every frame to `onText` from now on, those that wait first. */
  forward(onText: (text: string) => void, onClose: () => void): void {
    this.#onText = onText;
    this.#onClose = onClose;
    for (const text of this.#waiting.splice(0)) onText(text);
    if (this.#closed) onClose();
  }

  #receive(data: unknown): void {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer);
    if (this.#onText) this.#onText(text);
    else if (this.#reader) this.#reader(text);
    else if (this.#waiting.push(text) > MOST_WAITING)
      closeQuietly(this.#socket, 1008, "Too many frames before the first answer");
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#socket, 1000, "");
    this.#reader?.(null);
    this.#onClose();
  }
}

/** Reads a frame's text. */
export function readFrame(text: string): Frame {
  if (text.length > LONGEST_FRAME) return null;
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
