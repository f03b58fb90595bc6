/** One websocket whose frames are read in order, with an end to every wait. */
import { once } from "node:events";
import { WebSocket } from "ws";

/** Milliseconds within which a socket must answer. */
const ANSWER_LIMIT = 15_000;

export interface Closed {
  code: number;
  reason: string;
}

export class Socket {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  readonly #closed: Promise<Closed>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#frames.push(String(data));
      socket.emit("frame");
    });
    socket.on("error", () => {});
    this.#closed = new Promise((resolve) =>
      socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  /** Opens a socket at an http(s) or ws(s) address. Rejects when the upgrade is refused; the message has the status. */
  static async open(url: string, subprotocols: string[] = [], headers: Record<string, string> = {}): Promise<Socket> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), subprotocols, { headers });
    const wrapped = new Socket(socket);
    await once(socket, "open", { signal: AbortSignal.timeout(ANSWER_LIMIT) });
    return wrapped;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  send(frame: string | Buffer | object): void {
    this.#socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** The next frame, as text. Rejects when none comes in time. */
  async next(): Promise<string> {
    if (this.#frames.length === 0) await once(this.#socket, "frame", { signal: AbortSignal.timeout(ANSWER_LIMIT) });
    return this.#frames.shift() as string;
  }

  /** Resolves when the server has answered a ping: Prefect's client takes that for the confirmation of what it sent before. */
  async confirm(): Promise<void> {
    this.#socket.ping();
    await once(this.#socket, "pong", { signal: AbortSignal.timeout(ANSWER_LIMIT) });
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  /** How the server closed. Rejects when it does not in `milliseconds`. */
  async closed(milliseconds = ANSWER_LIMIT): Promise<Closed> {
    const late = new Promise<never>((_, reject) => {
      AbortSignal.timeout(milliseconds).addEventListener("abort", () =>
        reject(
          new Error(
            `The socket was not closed within ${milliseconds} ms; frames: ${this.#frames.join(" ").slice(0, 500)}`,
          ),
        ),
      );
    });
    return Promise.race([this.#closed, late]);
  }

  /** Frames that came and were not read. */
  unread(): string[] {
    return [...this.#frames];
  }

  end(): void {
    this.#socket.terminate();
  }
}
