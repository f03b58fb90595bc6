/**
 * The agent's line to its pool: one websocket, made again whenever it breaks, after a doubling time with jitter.
 *
 * Q1  Frames go out only between `ready` and the next break; what is sent meanwhile is refused, and the caller told.
 * Q2  A line that does not answer a ping within `ANSWER_MS` is taken for broken, whatever TCP thinks of it.
 * Q3  Only a first connection can fail for good, and one whose credential the server says is over; else the agent keeps trying, since
 *     runs live that want to be told of.
 */
import type { AgentFrame, AgentServerFrame } from "@millrace/contract/channels/agent.ts";
import {
  AGENT_CLOSE,
  AGENT_PING,
  AGENT_PING_SECONDS,
  AGENT_PONG,
  AGENT_PROTOCOL,
} from "@millrace/contract/channels/agent-protocol.ts";
import WebSocket from "ws";
import { authorization, socketToken } from "../sdk/api/connect.ts";
import type { Credential } from "../sdk/api/settings.ts";
import { type UntrustedServerError, untrusted } from "../sdk/api/trust.ts";
import { readServerFrame } from "./server-frame.ts";

/** How long an answer to a ping may take. */
const ANSWER_MS = 10_000;
/** How long the handshake and the server's welcome may take. */
const CONNECT_MS = 15_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
/** After a refusal: nothing will be better in a moment. */
const REFUSED_DELAY_MS = 30_000;
/** Largest frame that is taken, in bytes. */
const LARGEST_FRAME = 8 * 1024 * 1024;

export interface AgentSocketOptions {
  /** Address of the channel, `wss://…/agents/connect?pool=…`. */
  url: string;
  /** Sent with the upgrade, so that the socket hangs on the pool itself; a server that wants it in a frame gets it there. */
  credential: Credential;
  /** The server took the credential: the session is to be said hello. */
  onReady: () => void;
  onFrame: (frame: AgentServerFrame) => void;
  onPing: () => void;
  onPong: () => void;
  onDown: (why: string, nextTryMs: number) => void;
  /** The server refuses this agent; with the status of its answer, where it was one. */
  onRefused: (reason: string, status: number | null) => void;
  /** The server's certificate is not trusted; nothing was sent. */
  onUntrusted: (error: UntrustedServerError) => void;
  onTrouble: (text: string) => void;
  random?: () => number;
}

export class AgentSocket {
  readonly #options: AgentSocketOptions;
  #socket: WebSocket | null = null;
  #ready = false;
  #everReady = false;
  #closed = false;
  #failures = 0;
  #reason = "";
  #status: number | null = null;
  #answer: NodeJS.Timeout | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #reconnecting: NodeJS.Timeout | undefined;

  constructor(options: AgentSocketOptions) {
    this.#options = options;
  }

  open(): void {
    const socket = new WebSocket(this.#options.url, AGENT_PROTOCOL, {
      headers: authorization(this.#options.credential),
      handshakeTimeout: CONNECT_MS,
      maxPayload: LARGEST_FRAME,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.#reason = "";
    this.#status = null;
    socket.on("open", () => {
      socket.send(JSON.stringify({ type: "auth", token: socketToken(this.#options.credential) ?? "" }));
      this.#expectAnswer(CONNECT_MS);
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary) this.#onText(data.toString());
    });
    socket.on("unexpected-response", (_request, response) => {
      this.#reason =
        response.statusCode === 401
          ? "the server does not know this API key: mistyped, expired or revoked"
          : `the server answered ${response.statusCode}`;
      this.#status = response.statusCode ?? null;
      response.resume();
      this.#down(socket, isRefusal(response.statusCode) ? "refused" : "broken");
    });
    socket.on("error", (error) => {
      const stranger = untrusted(this.#options.url, error);
      if (stranger) return this.#distrust(socket, stranger);
      this.#reason ||= (error as NodeJS.ErrnoException).code ?? error.message;
      this.#down(socket, "broken");
    });
    socket.on("close", (code, reason) => {
      this.#reason ||= reason.toString() || `closed with code ${code}`;
      if (code === AGENT_CLOSE.credential) this.#status = 401;
      this.#down(socket, howClosed(code));
    });
  }

  /** False where the line is down: the frame was not sent. */
  send(frame: AgentFrame): boolean {
    if (!this.#ready || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** The session is established: from now on the line is watched. */
  established(): void {
    this.#failures = 0;
    clearTimeout(this.#answer);
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => this.ping(), AGENT_PING_SECONDS * 1000);
  }

  ping(): void {
    if (!this.#ready || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(AGENT_PING);
    this.#options.onPing();
    this.#expectAnswer(ANSWER_MS);
  }

  /** Breaks the line, so that both sides begin anew by what the agent says it has. */
  renew(reason: string): void {
    this.#reason = reason;
    this.#socket?.terminate();
  }

  /** Ends the line for good. */
  close(): void {
    this.#closed = true;
    this.#quiet();
    clearTimeout(this.#reconnecting);
    const socket = this.#socket;
    if (!socket) return;
    socket.close(1000);
    setTimeout(() => socket.terminate(), 1000).unref();
  }

  #onText(text: string): void {
    if (text === AGENT_PONG) {
      clearTimeout(this.#answer);
      this.#answer = undefined;
      this.#options.onPong();
      return;
    }
    const frame = readServerFrame(text);
    if (frame === null) {
      this.#options.onTrouble(`A frame of the server was not understood: ${text.slice(0, 200)}`);
      return;
    }
    if (frame.type === "error") this.#reason = frame.reason;
    else if (frame.type === "auth_success") {
      this.#ready = true;
      this.#everReady = true;
      this.#options.onReady();
    } else this.#options.onFrame(frame);
  }

  #expectAnswer(ms: number): void {
    if (this.#answer) return;
    this.#answer = setTimeout(() => {
      this.#answer = undefined;
      this.#reason = "the server does not answer";
      this.#socket?.terminate();
    }, ms);
  }

  /** An agent that just began ends; one that has had a session waits: its server may have a certificate that has just expired. */
  #distrust(socket: WebSocket, stranger: UntrustedServerError): void {
    this.#reason = stranger.message;
    this.#closed ||= !this.#everReady;
    this.#down(socket, "refused");
    if (!this.#everReady) this.#options.onUntrusted(stranger);
  }

  /** Once for each connection: `close` follows `error`. */
  #down(socket: WebSocket, how: Down): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#ready = false;
    this.#quiet();
    socket.removeAllListeners();
    socket.on("error", () => {});
    socket.terminate();
    if (this.#closed) return;
    if (how === "over" || (how === "refused" && !this.#everReady)) {
      this.#options.onRefused(this.#reason, this.#status);
      return;
    }
    const { random = Math.random } = this.#options;
    const doubled = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures++);
    const delay = (how === "refused" ? REFUSED_DELAY_MS : doubled) * (0.5 + random() / 2);
    this.#options.onDown(this.#reason, delay);
    this.#reconnecting = setTimeout(() => this.open(), delay);
  }

  #quiet(): void {
    clearTimeout(this.#answer);
    this.#answer = undefined;
    clearInterval(this.#pinging);
  }
}

/** Statuses that say no to this agent, rather than «not now». */
const isRefusal = (status: number | undefined): boolean => [400, 401, 403, 404].includes(status ?? 0);

/** Why a line is down: it broke; the server says no, for now; the server says that this credential will never do again. */
type Down = "broken" | "refused" | "over";

function howClosed(code: number): Down {
  if (code === AGENT_CLOSE.credential) return "over";
  return code === AGENT_CLOSE.protocol || code === AGENT_CLOSE.policy ? "refused" : "broken";
}
