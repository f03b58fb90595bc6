/** A server to measure: where it is, how it is asked, and which processes are its own. */
import { Connection, type Reply } from "./connection.ts";

export interface Target {
  name: string;
  host: string;
  port: number;
  /** Path before every route. */
  base: string;
  /** Value of the Authorization header, and the token of a socket's first frame; null where none is asked for. */
  authorization: string | null;
  token: string | null;
  /** Whether «too busy» is an answer that a request waits for, and not a failure. */
  mayBeBusy: boolean;
  /** Processes whose CPU time is counted; empty when they are not on this machine. */
  pids(): number[];
}

const BUSY = 503;
/** Milliseconds before a request is sent again, and how often that is done. */
const PAUSE = 100;
const PATIENCE = 200;

/** A client of the wire over one connection. */
export class WireClient {
  readonly #connection: Connection;
  readonly #base: string;
  readonly #patient: boolean;
  /** The line of the credential. */
  readonly #authorization: string;

  private constructor(
    connection: Connection,
    { base, mayBeBusy, authorization }: Pick<Target, "base" | "mayBeBusy" | "authorization">,
  ) {
    this.#connection = connection;
    this.#base = base;
    this.#patient = mayBeBusy;
    this.#authorization = authorization === null ? "" : `authorization: ${authorization}\r\n`;
  }

  static async open(target: Target): Promise<WireClient> {
    const headers: Record<string, string> = { "x-prefect-api-version": "0.8.4" };
    return new WireClient(await Connection.open(target.host, target.port, headers), target);
  }

  /** The same connection with another bearer. */
  as(token: string): WireClient {
    const [base, mayBeBusy] = [this.#base, this.#patient];
    return new WireClient(this.#connection, { base, mayBeBusy, authorization: `Bearer ${token}` });
  }

  /** Times that the server said it was too busy, or dropped the connection. */
  busy = 0;

  /**
   * Sends a request and throws on anything but success. Where the target may be overloaded it is sent again while the
   * server is too busy to answer, as the wire's own client does.
   */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    let reply = await this.#request(method, path, text);
    for (let again = 0; this.#patient && reply.status === BUSY && again < PATIENCE; again++) {
      this.busy += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      reply = await this.#request(method, path, text);
    }
    if (reply.status < 200 || reply.status > 299)
      throw new Error(`${method} ${path} was answered with ${reply.status}: ${reply.text.slice(0, 300)}`);
    return reply;
  }

  async #request(method: string, path: string, body: string | undefined): Promise<Reply> {
    try {
      const reply = await this.#connection.request(method, this.#base + path, body, this.#authorization);
      return reply;
    } catch (error) {
      if (!this.#patient) throw error;
      return { status: BUSY, text: String(error) };
    }
  }

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse((await this.call(method, path, body)).text) as T;
  }

  close(): void {
    this.#connection.close();
  }
}

/** Opens `count` clients, hands them to `work` and closes them. */
export async function withClients<T>(
  target: Target,
  count: number,
  work: (clients: WireClient[]) => Promise<T>,
): Promise<T> {
  const clients = await Promise.all(Array.from({ length: count }, () => WireClient.open(target)));
  try {
    return await work(clients);
  } finally {
    for (const client of clients) client.close();
  }
}
