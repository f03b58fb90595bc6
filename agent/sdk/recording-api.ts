/**
 * A small server for tests of what a client does by itself: it keeps every call, accepts every state, and can be told to
 * answer otherwise. It judges nothing; what the service decides is tested against the service.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  route: string;
  body: unknown;
  headers: IncomingMessage["headers"];
  /** Milliseconds of the monotonic clock. */
  at: number;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export class RecordingApi {
  readonly calls: Call[] = [];
  url = "";
  readonly #server: Server;
  #ids = 0;
  /** Answers before the built-in ones; null lets those speak. */
  override: (call: Call) => Answer | null | Promise<Answer | null> = () => null;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const text = Buffer.concat(chunks).toString();
        const call: Call = {
          route: `${request.method} ${request.url}`,
          body: text === "" ? undefined : parse(text),
          headers: request.headers,
          at: performance.now(),
        };
        this.calls.push(call);
        const answer = (await this.override(call)) ?? this.#answer(call);
        response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
        response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
      });
    });
  }

  static async start(): Promise<RecordingApi> {
    const api = new RecordingApi();
    await new Promise<void>((resolve) => api.#server.listen(0, "127.0.0.1", resolve));
    api.url = `http://127.0.0.1:${(api.#server.address() as AddressInfo).port}/api`;
    return api;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The bodies of the calls of a route, `POST /logs/`; a `*` stands for an id. */
  bodies<T = Record<string, unknown>>(route: string): T[] {
    return this.callsOf(route).map((call) => call.body as T);
  }

  callsOf(route: string): Call[] {
    const [method, path] = route.split(" ") as [string, string];
    const pattern = new RegExp(`^${method} /api${path.replaceAll("*", "[^/]+")}$`);
    return this.calls.filter((call) => pattern.test(call.route));
  }

  #answer({ route, body }: Call): Answer {
    const given = (body ?? {}) as Record<string, unknown>;
    if (/^POST .*\/set_state$/.test(route)) {
      const state = given.state as Record<string, unknown>;
      return {
        status: 201,
        body: {
          state: { ...state, name: state.name ?? state.type },
          status: "ACCEPT",
          details: { type: "accept_details" },
        },
      };
    }
    if (/^POST .*\/(flows|flow_runs|task_runs|artifacts|deployments)\/$/.test(route)) {
      return {
        status: 201,
        body: { tags: [], name: `run-${this.#ids}`, ...withoutNulls(given), id: given.id ?? this.#id() },
      };
    }
    if (/^POST .*\/events$/.test(route) || route.startsWith("PATCH ")) return { status: 204 };
    if (/^POST .*\/logs\/$/.test(route)) return { status: 201 };
    return { status: 404, body: { detail: `nothing recorded for ${route}` } };
  }

  #id(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }
}

const withoutNulls = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
