/**
 * One kept-alive HTTP/1.1 connection with one request at a time, made for measuring: a request costs the client a few
 * microseconds, where Node's own client costs as much as the server that is measured.
 *
 * Knows what the measured servers send: a length or chunks, and no body for 204. A broken connection fails its request.
 */
import { connect, type Socket } from "node:net";

export interface Reply {
  status: number;
  text: string;
}

const HEAD_END = Buffer.from("\r\n\r\n");

export class Connection {
  readonly #host: string;
  readonly #port: number;
  readonly #head: string;
  #socket: Socket | null = null;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;

  private constructor(host: string, port: number, headers: Record<string, string>) {
    this.#host = host;
    this.#port = port;
    this.#head = Object.entries({ host: `${host}:${port}`, ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  }

  /** Opens a connection; `headers` go with every request. */
  static async open(host: string, port: number, headers: Record<string, string> = {}): Promise<Connection> {
    const connection = new Connection(host, port, headers);
    await connection.#connect();
    return connection;
  }

  /** Sends one request, with `more` lines of headers. A connection that the server closed while it was idle is opened again. */
  async request(method: string, path: string, body?: string, more = ""): Promise<Reply> {
    if (this.#waiting !== null) throw new Error("One request at a time.");
    const socket = this.#socket ?? (await this.#connect());
    const content =
      body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      socket.write(`${method} ${path} HTTP/1.1\r\n${this.#head}${more}${content}\r\n${body ?? ""}`);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
      socket.once("connect", () => {
        this.#socket = socket;
        resolve(socket);
      });
      socket.on("data", (part: Buffer) => this.#receive(part));
      socket.on("error", (error) => {
        reject(error);
        this.#fail(error);
      });
      socket.on("close", () => this.#fail(new Error("The server closed the connection.")));
    });
  }

  #fail(error: Error): void {
    this.#socket = null;
    this.#received = Buffer.alloc(0);
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #receive(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#received.toString("latin1", 0, end).toLowerCase();
    const status = Number(head.slice(9, 12));
    const body = readBody(head, status, this.#received.subarray(end + HEAD_END.length));
    if (body === null) return;
    this.#received = this.#received.subarray(end + HEAD_END.length + body.size);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ status, text: body.text });
  }
}

/** The body and how many bytes it took; null while it is not all there. */
function readBody(head: string, status: number, rest: Buffer): { text: string; size: number } | null {
  if (status === 204 || status === 304) return { text: "", size: 0 };
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const size = Number(length);
    return rest.length < size ? null : { text: rest.toString("utf8", 0, size), size };
  }
  if (!head.includes("\r\ntransfer-encoding: chunked")) throw new Error(`An answer without a length: ${head}`);
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = rest.indexOf("\r\n", at);
    if (line < 0) return null;
    const size = Number.parseInt(rest.toString("latin1", at, line), 16);
    const next = line + 2 + size + 2;
    if (rest.length < next) return null;
    if (size === 0) return { text: Buffer.concat(chunks).toString("utf8"), size: next };
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
