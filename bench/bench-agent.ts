/** An agent that only takes what it is given: the channel's frames without processes, so that dispatch alone is measured. */
import { performance } from "node:perf_hooks";
import { AGENT_PROTOCOL, type ServerAssign } from "@millrace/contract/channels/agent.ts";
import WebSocket from "ws";
import type { Target } from "./target.ts";

export interface BenchAgent {
  /** Resolves with the assignment of a run and the moment it arrived; it is accepted already. */
  assigned(run: string): Promise<{ at: number; frame: ServerAssign }>;
  /** Says that the run's process has ended. */
  finished(frame: ServerAssign): void;
  close(): void;
}

/** Connects to a pool and says hello. */
export async function connectAgent(target: Target, pool: string, slots: number): Promise<BenchAgent> {
  const socket = new WebSocket(
    `ws://${target.host}:${target.port}${target.base}/agents/connect?pool=${encodeURIComponent(pool)}`,
    AGENT_PROTOCOL,
    { headers: { authorization: target.authorization ?? "" } },
  );
  const arrived = new Map<string, { at: number; frame: ServerAssign }>();
  const waiting = new Map<string, (one: { at: number; frame: ServerAssign }) => void>();
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", (code, reason) => reject(new Error(`The pool closed the agent's socket: ${code} ${reason}`)));
    socket.once("open", () => {
      socket.send(JSON.stringify({ type: "auth", token: target.token }));
      socket.send(
        JSON.stringify({
          type: "hello",
          v: 1,
          agent: { id: crypto.randomUUID(), name: "bench", version: "0" },
          slots,
          running: [],
        }),
      );
    });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { type: string } | ServerAssign;
      if (frame.type === "welcome") resolve();
      if (frame.type !== "assign") return;
      const assign = frame as ServerAssign;
      const one = { at: performance.now(), frame: assign };
      socket.send(JSON.stringify({ type: "accept", run_id: assign.run_id, generation: assign.generation }));
      const waiter = waiting.get(assign.run_id);
      if (waiter === undefined) arrived.set(assign.run_id, one);
      else waiter(one);
      waiting.delete(assign.run_id);
    });
  });
  return {
    assigned: (run) => {
      const one = arrived.get(run);
      arrived.delete(run);
      return one === undefined ? new Promise((resolve) => waiting.set(run, resolve)) : Promise.resolve(one);
    },
    finished({ run_id, generation }) {
      socket.send(JSON.stringify({ type: "finished", run_id, generation, exit_code: 0, signal: null }));
    },
    close() {
      socket.removeAllListeners("close");
      socket.close();
    },
  };
}
