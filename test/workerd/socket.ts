/** A client's websocket inside the Workers runtime: its frames in order, and how it was closed. */
import { fetchWorker, ORIGIN } from "./tenant.ts";

export interface Closed {
  code: number;
  reason: string;
}

export class TestSocket {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  readonly #closed = Promise.withResolvers<Closed>();
  /** Resolved with each frame, and made anew. */
  #came = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#frames.push(String(data));
      this.#came.resolve();
      this.#came = Promise.withResolvers();
    });
    socket.addEventListener("close", ({ code, reason }) => this.#closed.resolve({ code, reason }));
    socket.accept();
  }

  /** Opens a socket of the Worker at a path below `/api`. */
  static async open(path: string, headers: Record<string, string> = {}): Promise<TestSocket> {
    const response = await fetchWorker(
      new Request(`${ORIGIN}/api${path}`, { headers: { upgrade: "websocket", ...headers } }),
    );
    if (!response.webSocket) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return new TestSocket(response.webSocket);
  }

  send(frame: object | string | ArrayBuffer): void {
    this.#socket.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame));
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  /** The next frame. Rejects where the socket closes instead. */
  // biome-ignore lint/suspicious/noExplicitAny: frames have every shape.
  async next(): Promise<any> {
    while (this.#frames.length === 0) {
      const closed = await Promise.race([this.#came.promise, this.#closed.promise]);
      if (closed && this.#frames.length === 0)
        throw new Error(`The socket was closed: ${closed.code} ${closed.reason}`);
    }
    return read(this.#frames.shift() as string);
  }

  /** How the other side closed. */
  closed(): Promise<Closed> {
    return this.#closed.promise;
  }

  /** Frames that came and were not read. */
  unread(): unknown[] {
    return this.#frames.map(read);
  }
}

function read(frame: string): unknown {
  try {
    return JSON.parse(frame);
  } catch {
    return frame;
  }
}
