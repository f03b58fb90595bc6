/** Agents that only take what they are given: the channel's frames without processes, so that dispatch alone is measured. */
import { performance } from "node:perf_hooks";
import {
  AGENT_PING,
  AGENT_PING_SECONDS,
  AGENT_PROTOCOL,
  type ServerAssign,
} from "@millrace/contract/channels/agent.ts";
import WebSocket from "ws";
import type { Target } from "./target.ts";

/** A run in an agent's hands; it is accepted already. */
export interface Assigned {
  at: number;
  frame: ServerAssign;
  /** Says that the run's process has ended. */
  finish(): void;
}

/** Several agents of one pool, which share what they are given. */
export class BenchAgents {
  readonly #sockets: WebSocket[] = [];
  readonly #arrived = new Map<string, Assigned>();
  readonly #waiting = new Map<string, (one: Assigned) => void>();
  #pings: NodeJS.Timeout | undefined;
  /** Hears of every assignment. */
  onAssigned: ((one: Assigned) => void) | null = null;

  /** Connects so many agents to a pool, each with so many slots. */
  static async connect(target: Target, pool: string, count: number, slots: number): Promise<BenchAgents> {
    const agents = new BenchAgents();
    // A few at a time: a thousand handshakes at once are another measurement.
    for (let at = 0; at < count; at += 20)
      await Promise.all(Array.from({ length: Math.min(20, count - at) }, () => agents.#open(target, pool, slots)));
    agents.#pings = setInterval(() => {
      for (const socket of agents.#sockets) socket.send(AGENT_PING);
    }, AGENT_PING_SECONDS * 1000);
    return agents;
  }

  /** Resolves with the assignment of a run. */
  assigned(run: string): Promise<Assigned> {
    const one = this.#arrived.get(run);
    this.#arrived.delete(run);
    return one === undefined ? new Promise((resolve) => this.#waiting.set(run, resolve)) : Promise.resolve(one);
  }

  close(): void {
    clearInterval(this.#pings);
    for (const socket of this.#sockets) {
      socket.removeAllListeners("close");
      socket.close();
    }
  }

  #open(target: Target, pool: string, slots: number): Promise<void> {
    const socket = new WebSocket(
      `ws://${target.host}:${target.port}${target.base}/agents/connect?pool=${encodeURIComponent(pool)}`,
      AGENT_PROTOCOL,
      { headers: { authorization: target.authorization ?? "" } },
    );
    this.#sockets.push(socket);
    return new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", (code, reason) => reject(new Error(`The pool closed an agent's socket: ${code} ${reason}`)));
      socket.once("open", () => {
        socket.send(JSON.stringify({ type: "auth", token: target.token }));
        const agent = { id: crypto.randomUUID(), name: "bench", version: "0" };
        socket.send(JSON.stringify({ type: "hello", v: 1, agent, slots, running: [] }));
      });
      socket.on("message", (data) => {
        const text = String(data);
        if (!text.startsWith("{")) return;
        const frame = JSON.parse(text) as { type: string } | ServerAssign;
        if (frame.type === "welcome") resolve();
        if (frame.type === "assign") this.#take(socket, frame as ServerAssign);
      });
    });
  }

  #take(socket: WebSocket, frame: ServerAssign): void {
    const claim = { run_id: frame.run_id, generation: frame.generation };
    const one: Assigned = {
      at: performance.now(),
      frame,
      finish: () => socket.send(JSON.stringify({ type: "finished", ...claim, exit_code: 0, signal: null })),
    };
    socket.send(JSON.stringify({ type: "accept", ...claim }));
    this.onAssigned?.(one);
    const waiter = this.#waiting.get(frame.run_id);
    if (waiter === undefined) this.#arrived.set(frame.run_id, one);
    else waiter(one);
    this.#waiting.delete(frame.run_id);
  }
}
