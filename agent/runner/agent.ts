/**
 * The agent: takes runs of one pool, each into a process of its own, until it is told to end.
 *
 * G1  It never runs more than its slots, and takes nothing while it drains.
 * G2  What runs here is this agent's by a live claim: what the server, or its own clock, says is lost is killed at once.
 * G3  While nothing runs it sends nothing but pings.
 * G4  It ends when everything it started has ended and was told of.
 */
import type { AgentServerFrame, ServerAssign } from "@millrace/contract/channels/agent.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { readable } from "../sdk/duration.ts";
import { VERSION } from "../sdk/version.ts";
import { AgentSocket } from "./agent-socket.ts";
import { AssignedRun, type RunSetting } from "./assigned-run.ts";
import type { AgentIdentity } from "./identity.ts";
import { Lease } from "./lease.ts";

/** The lease that is asked for. */
const LEASE_SECONDS = 30;

export interface AgentOptions {
  settings: ApiSettings;
  pool: string;
  identity: AgentIdentity;
  slots: number;
  leaseSeconds?: number;
  /** How long runs may go on once the agent was told to end. */
  drainMs: number;
  run: RunSetting;
  log: (text: string) => void;
}

/** Why an agent ended before anybody told it to. */
export class AgentRefusedError extends Error {
  override name = "AgentRefusedError";
  /** Of the answer to the upgrade; null where the server closed the socket. */
  readonly status: number | null;
  constructor(reason: string, status: number | null) {
    super(reason);
    this.status = status;
  }
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #socket: AgentSocket;
  readonly #lease: Lease;
  /** By run: at most one claim of each. */
  readonly #runs = new Map<string, AssignedRun>();
  #session: { id: string; generation: number } | null = null;
  #helloAt = 0;
  #phase: "working" | "draining" | "ending" = "working";
  #renewing: NodeJS.Timeout | undefined;
  #draining: NodeJS.Timeout | undefined;
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#lease = new Lease((options.leaseSeconds ?? LEASE_SECONDS) * 1000);
    this.#socket = new AgentSocket({
      url: channelUrl(options.settings.url, options.pool),
      credential: options.settings.credential,
      onReady: () => this.#hello(),
      onFrame: (frame) => this.#onFrame(frame),
      onPing: () => this.#lease.pingSent(),
      onPong: () => this.#lease.pongReceived(),
      onDown: (why, delay) => options.log(`The line to the server is down (${why}); next try in ${readable(delay)}.`),
      onRefused: (reason, status) => void this.#refused(new AgentRefusedError(reason, status)),
      onUntrusted: (error) => void this.#refused(error),
      onTrouble: options.log,
    });
  }

  /** Works until it was told to end. Rejects when the server refuses it at the first try, or takes its credential no more. */
  work(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.open();
    });
  }

  /** Takes no more runs, and ends when those that it has have ended. */
  drain(): void {
    if (this.#phase !== "working") return;
    this.#phase = "draining";
    this.#options.log(`Draining: ${this.#runs.size} runs go on, for ${readable(this.#options.drainMs)} at most.`);
    this.#socket.send({ type: "drain" });
    this.#options.run.warm.close();
    for (const run of this.#runs.values()) run.handBack();
    this.#draining = setTimeout(() => void this.end(), this.#options.drainMs);
    this.#endIfIdle();
  }

  /** Ends all runs now, which are reported as crashed, and then itself. */
  async end(): Promise<void> {
    if (this.#phase === "ending") return;
    this.#phase = "ending";
    clearTimeout(this.#draining);
    this.#socket.send({ type: "drain" });
    this.#options.run.warm.close();
    for (const run of this.#runs.values()) run.handBack();
    await Promise.all([...this.#runs.values()].map((run) => run.shutDown()));
    this.#endIfIdle();
  }

  /** Nothing that runs here can be told of any more under this credential: it ends, and with it the agent. */
  async #refused(error: Error): Promise<void> {
    const settle = this.#settle;
    this.#settle = null;
    if (this.#runs.size > 0) this.#options.log(`${error.message} Its ${this.#runs.size} runs are ended.`);
    await this.end();
    settle?.reject(error);
  }

  #hello(): void {
    const { identity, slots, leaseSeconds = LEASE_SECONDS } = this.#options;
    this.#helloAt = performance.now();
    this.#socket.send({
      type: "hello",
      v: 1,
      agent: { id: identity.id, name: identity.name, version: VERSION },
      slots,
      lease_seconds: leaseSeconds,
      ...(this.#session && { session: this.#session }),
      running: [...this.#runs.values()].map((run) => ({ run_id: run.runId, generation: run.generation })),
    });
  }

  #onFrame(frame: AgentServerFrame): void {
    switch (frame.type) {
      case "welcome": {
        const first = this.#session === null;
        this.#session = frame.session;
        this.#lease.welcomed(this.#helloAt, frame.lease_seconds * 1000);
        this.#socket.established();
        for (const { run_id, generation } of frame.lost) this.#lost(run_id, generation);
        if (this.#phase !== "working") this.#socket.send({ type: "drain" });
        this.#options.log(first ? `Connected to pool ${this.#options.pool}.` : "Connected again.");
        this.#renewWhileRunning();
        break;
      }
      case "assign":
        this.#assigned(frame);
        break;
      case "cancel": {
        const run = this.#held(frame.run_id, frame.generation);
        if (run) this.#options.log(`${run.name} is cancelled.`);
        run?.cancel();
        break;
      }
      case "lost":
        this.#lost(frame.run_id, frame.generation);
        break;
      case "auth_success":
      case "error":
        break;
      default:
        frame satisfies never;
    }
  }

  #assigned(assignment: ServerAssign): void {
    const claim = { run_id: assignment.run_id, generation: assignment.generation };
    const known = this.#runs.get(assignment.run_id);
    if (known && known.generation >= assignment.generation) {
      if (known.generation === assignment.generation) this.#socket.send({ type: "accept", ...claim });
      return;
    }
    if (known) this.#lost(known.runId, known.generation);
    const reason =
      this.#phase !== "working"
        ? "The agent is shutting down."
        : this.#runs.size >= this.#options.slots
          ? "All slots are taken."
          : null;
    if (reason !== null) {
      this.#socket.send({ type: "decline", ...claim, reason });
      return;
    }
    this.#socket.send({ type: "accept", ...claim });
    this.#lease.claimed(performance.now());
    const run = new AssignedRun(assignment, this.#options.run);
    this.#runs.set(run.runId, run);
    this.#options.log(`${run.name} of ${assignment.flow_name} begins (${run.runId}).`);
    void run.end.then(() => this.#ended(run));
    if (this.#runs.size === 1) {
      this.#socket.ping();
      this.#renewWhileRunning();
    }
  }

  async #ended(run: AssignedRun): Promise<void> {
    const end = await run.end;
    const claim = { run_id: run.runId, generation: run.generation };
    if (this.#runs.get(run.runId) === run) this.#runs.delete(run.runId);
    if (end.kind === "handed-back") this.#socket.send({ type: "decline", ...claim, reason: end.reason });
    if (end.kind === "ended") {
      const { exitCode, signal } = end.ended;
      this.#socket.send({ type: "finished", ...claim, exit_code: exitCode, signal });
      this.#options.log(`${run.name} ended: ${signal ?? `exit code ${exitCode}`}.`);
    }
    if (this.#runs.size === 0) clearTimeout(this.#renewing);
    this.#endIfIdle();
  }

  #lost(runId: string, generation: number): void {
    const run = this.#held(runId, generation);
    if (!run) return;
    this.#options.log(`${run.name} is another agent's now; its process is killed.`);
    run.lose();
    // Its successor may come before its process is gone.
    this.#runs.delete(runId);
  }

  #held(runId: string, generation: number): AssignedRun | null {
    const run = this.#runs.get(runId);
    return run?.generation === generation ? run : null;
  }

  /** Three times a lease, while anything runs: prolongs the lease, and looks whether it is still one. */
  #renewWhileRunning(): void {
    clearTimeout(this.#renewing);
    if (this.#runs.size === 0) return;
    const now = performance.now();
    const left = this.#lease.left(now);
    if (left <= 0) {
      this.#options.log(
        "The lease ran out before the server could be reached: its runs are not this agent's any more.",
      );
      for (const run of [...this.#runs.values()]) this.#lost(run.runId, run.generation);
      // The server may have heard of them all the same: a hello under way showed them, or a renewal arrives late.
      this.#socket.renew("the lease ran out");
      return;
    }
    const interval = this.#lease.leaseMs / 3;
    this.#renewing = setTimeout(
      () => {
        if (this.#socket.send({ type: "renew" })) {
          this.#lease.frameSent(performance.now());
          this.#socket.ping();
        }
        this.#renewWhileRunning();
      },
      Math.min(interval, left),
    );
  }

  #endIfIdle(): void {
    if (this.#phase === "working" || this.#runs.size > 0) return;
    clearTimeout(this.#draining);
    clearTimeout(this.#renewing);
    this.#socket.close();
    this.#settle?.resolve();
  }
}

/** The channel's address: the API's own, as a socket. */
export function channelUrl(apiUrl: string, pool: string): string {
  const url = new URL(`${apiUrl}/agents/connect`);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("pool", pool);
  return url.href;
}
