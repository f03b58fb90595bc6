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
  /** Processes whose CPU time is counted; empty when they are not on this machine. */
  pids(): number[];
}

/** A client of the wire over one connection. */
export class WireClient {
  readonly #connection: Connection;
  readonly #base: string;

  private constructor(connection: Connection, base: string) {
    this.#connection = connection;
    this.#base = base;
  }

  static async open(target: Target): Promise<WireClient> {
    const headers: Record<string, string> = { "x-prefect-api-version": "0.8.4" };
    if (target.authorization !== null) headers.authorization = target.authorization;
    return new WireClient(await Connection.open(target.host, target.port, headers), target.base);
  }

  /** Sends a request and throws on anything but success. */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await this.#connection.request(
      method,
      this.#base + path,
      body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    );
    if (reply.status < 200 || reply.status > 299)
      throw new Error(`${method} ${path} was answered with ${reply.status}: ${reply.text.slice(0, 300)}`);
    return reply;
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
