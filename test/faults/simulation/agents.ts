/**
 * Agents: what the runner of the package `millrace` does on the agent's channel, with processes of the simulation. Its lease is the
 * runner's own.
 *
 * SA1  It runs no more than its slots, and one process a claim.
 * SA2  It kills what it was told is lost, and everything when its own lease has run out.
 */
import { AGENT_PING, AGENT_PING_SECONDS, AgentServerFrame } from "@millrace/contract/channels/agent.ts";
import { Lease } from "../../../agent/runner/lease.ts";
import { Life } from "../platform/life.ts";
import type { Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import type { SocketPair } from "../platform/sockets.ts";
import { callOff, type Planned } from "../platform/time.ts";
import { type Api, Unreachable } from "./api.ts";
import type { KnownRuns } from "./known-runs.ts";
import { type Ended, RunProcess } from "./run-process.ts";

/** Milliseconds for an answer to a ping, and for a new line to be greeted. */
const ANSWER = 10_000;
const CONNECT = 15_000;
/** Milliseconds between tries to connect: first, and at most. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** Milliseconds for which an agent tries to report for a process that could not. */
const REPORT_BUDGET = 300_000;
/** Milliseconds between the request to end and the end of a process. */
const GRACE = 1_000;

export interface AgentSetting {
  platform: Platform;
  api: Api;
  runs: KnownRuns;
  pool: string;
  dice: Random;
  log: (text: string) => void;
}

interface Work {
  process: RunProcess;
  wish: "none" | "cancel" | "lose";
}

export class SimulatedAgent {
  readonly name: string;
  readonly slots: number;
  readonly #id: string;
  readonly #setting: AgentSetting;
  readonly #leaseSeconds: number;
  readonly #skew: number;
  #lease: Lease;
  #life: Life;
  #session: { id: string; generation: number } | null = null;
  #pair: SocketPair | null = null;
  #ready = false;
  #failures = 0;
  #helloAt = 0;
  #draining = false;
  #answerBy: Planned | null = null;
  #pinging: Planned | null = null;
  #renewing: Planned | null = null;
  readonly #work = new Map<string, Work>();

  constructor(
    name: string,
    { slots, leaseSeconds, skew = 0 }: { slots: number; leaseSeconds: number; skew?: number },
    setting: AgentSetting,
  ) {
    this.name = name;
    this.#skew = skew;
    this.slots = slots;
    this.#leaseSeconds = leaseSeconds;
    this.#setting = setting;
    this.#id = setting.dice.uuid();
    this.#lease = new Lease(leaseSeconds * 1000);
    this.#life = new Life(name);
    this.#connect();
  }

  get isUp(): boolean {
    return this.#life.alive;
  }

  /** The line to the server, to be held or cut; null while there is none. */
  get line(): SocketPair | null {
    return this.#pair;
  }

  /** Processes that live here, whether or not their claims do. */
  processes(): RunProcess[] {
    return [...this.#living];
  }

  readonly #living = new Set<RunProcess>();

  /** The agent's process dies, and with it those that it started. `silently`: nobody hears of it, as when power fails. */
  die(silently: boolean): void {
    this.#life.end();
    for (const process of [...this.#living]) process.vanish();
    this.#living.clear();
    this.#work.clear();
    for (const planned of [this.#answerBy, this.#pinging, this.#renewing]) callOff(planned);
    if (silently) this.#pair?.cut();
    else this.#pair?.clientDied();
    this.#pair = null;
    this.#ready = false;
  }

  /** It is started again: the same agent, which remembers nothing. */
  rise(): void {
    if (this.isUp) return;
    this.#life = new Life(this.name);
    this.#session = null;
    this.#draining = false;
    this.#failures = 0;
    this.#lease = new Lease(this.#leaseSeconds * 1000);
    this.#connect();
  }

  /** It does nothing for a while, nor do its processes. */
  freeze(milliseconds: number): void {
    const until = Math.max(this.#life.frozenUntil, this.#time.now + milliseconds);
    this.#life.frozenUntil = until;
    for (const { life } of this.#living) life.frozenUntil = until;
  }

  drain(): void {
    if (!this.isUp) return;
    this.#draining = true;
    this.#send({ type: "drain" });
  }

  get #time() {
    return this.#setting.platform.time;
  }

  /** Lets something happen later, if the agent still lives and is not frozen then. */
  #later(milliseconds: number, happen: () => void): Planned {
    const life = this.#life;
    return this.#time.after(milliseconds, () => this.#awake(life, happen));
  }

  #awake(life: Life, happen: () => void): void {
    if (!life.alive) return;
    const frozen = life.frozenUntil - this.#time.now;
    if (frozen > 0) this.#time.after(frozen, () => this.#awake(life, happen));
    else happen();
  }

  #connect(): void {
    const { platform, api, pool } = this.#setting;
    const life = this.#life;
    const tenant = JSON.stringify({ ...api.owner, account: "account", key: null, expires: null });
    const host = platform.host("WORK_POOL", `${api.owner.workspace}/${pool}`);
    platform.network
      .call(life, "the pool", () =>
        host.connect(this.name, "http://object/agent", { upgrade: "websocket", "x-millrace-tenant": tenant }),
      )
      .then(
        (pair) => this.#awake(life, () => (pair ? this.#connected(pair) : this.#down(null))),
        () => this.#awake(life, () => this.#down(null)),
      );
  }

  #connected(pair: SocketPair): void {
    this.#pair = pair;
    const life = this.#life;
    pair[0].listener = {
      text: (text) => this.#awake(life, () => this.#pair === pair && this.#onText(text)),
      closed: () => this.#awake(life, () => this.#down(pair)),
    };
    this.#answerBy = this.#later(CONNECT, () => this.#down(pair));
  }

  #down(pair: SocketPair | null): void {
    if (pair !== this.#pair) return;
    pair?.clientDied();
    this.#pair = null;
    this.#ready = false;
    callOff(this.#answerBy);
    callOff(this.#pinging);
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE) * this.#setting.dice.between(0.5, 1);
    this.#failures += 1;
    this.#later(pause, () => this.#connect());
  }

  #onText(text: string): void {
    if (text === "pong") {
      callOff(this.#answerBy);
      this.#lease.pongReceived();
      return;
    }
    const frame = AgentServerFrame.parse(JSON.parse(text));
    switch (frame.type) {
      case "auth_success":
        this.#hello();
        break;
      case "welcome":
        this.#session = frame.session;
        this.#failures = 0;
        this.#lease.welcomed(this.#helloAt, frame.lease_seconds * 1000);
        callOff(this.#answerBy);
        for (const { run_id, generation } of frame.lost) this.#lose(run_id, generation);
        if (this.#draining) this.#send({ type: "drain" });
        this.#pingOn();
        this.#renew();
        break;
      case "assign":
        this.#assigned(frame.run_id, frame.generation);
        break;
      case "cancel":
        this.#cancel(frame.run_id, frame.generation);
        break;
      case "lost":
        this.#lose(frame.run_id, frame.generation);
        break;
      case "error":
        break;
      default:
        frame satisfies never;
    }
  }

  #hello(): void {
    this.#helloAt = this.#time.now;
    const end = this.#pair?.[0];
    if (!end?.open) return;
    this.#ready = true;
    end.send(
      JSON.stringify({
        type: "hello",
        v: 1,
        agent: { id: this.#id, name: this.name, version: "1.0.0" },
        slots: this.slots,
        lease_seconds: this.#leaseSeconds,
        ...(this.#session && { session: this.#session }),
        running: [...this.#work.values()].map(({ process }) => claimOf(process)),
      }),
    );
  }

  #assigned(runId: string, generation: number): void {
    const known = this.#work.get(runId);
    const claim = { run_id: runId, generation };
    if (known && generationOf(known.process) >= generation) {
      if (generationOf(known.process) === generation) this.#send({ type: "accept", ...claim });
      return;
    }
    if (known) this.#lose(runId, generationOf(known.process));
    if (this.#draining || this.#work.size >= this.slots) {
      this.#send({ type: "decline", ...claim, reason: "No slot is free." });
      return;
    }
    this.#send({ type: "accept", ...claim });
    this.#lease.claimed(this.#time.now);
    const { api, dice, runs } = this.#setting;
    const process = new RunProcess(runs.get(runId), generation, {
      api,
      dice,
      agent: this.name,
      clock: () => Date.now() + this.#skew,
    });
    const work: Work = { process, wish: "none" };
    this.#work.set(runId, work);
    this.#living.add(process);
    const life = this.#life;
    process.start().then((ended) => {
      this.#living.delete(process);
      this.#awake(life, () => void this.#ended(work, ended));
    });
    if (this.#work.size === 1) {
      this.#ping();
      this.#renew();
    }
  }

  async #ended(work: Work, ended: Ended): Promise<void> {
    const { process, wish } = work;
    const { run } = process;
    if (wish === "lose") return;
    const life = this.#life;
    if (!ended.told) await this.#report(work, wish === "cancel" ? "CANCELLED" : "CRASHED");
    if (!life.alive || this.#work.get(run.id) !== work) return;
    this.#work.delete(run.id);
    this.#send({ type: "finished", ...claimOf(process), exit_code: ended.exitCode, signal: ended.signal });
    if (this.#work.size === 0) callOff(this.#renewing);
  }

  async #report({ process }: Work, type: "CANCELLED" | "CRASHED"): Promise<void> {
    const { api } = this.#setting;
    const { run } = process;
    const generation = generationOf(process);
    const propose = (to: "CANCELLED" | "CRASHED") =>
      api.propose(this.#life, REPORT_BUDGET, run.id, { type: to }, { reporter: { run: run.id, generation } });
    try {
      const verdict = await propose(type);
      if (verdict.kind === "replaced" && verdict.type === "CANCELLING") await propose("CANCELLED");
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  }

  #cancel(runId: string, generation: number): void {
    const work = this.#work.get(runId);
    if (work?.process.generation !== generation || work.wish !== "none") return;
    work.wish = "cancel";
    this.#later(GRACE, () => work.process.kill());
  }

  #lose(runId: string, generation: number): void {
    const work = this.#work.get(runId);
    if (work?.process.generation !== generation) return;
    work.wish = "lose";
    this.#work.delete(runId);
    work.process.kill();
  }

  #ping(): void {
    if (!this.#ready || !this.#pair?.[0].open) return;
    const pair = this.#pair;
    pair[0].send(AGENT_PING);
    this.#lease.pingSent();
    callOff(this.#answerBy);
    this.#answerBy = this.#later(ANSWER, () => this.#down(pair));
  }

  #pingOn(): void {
    callOff(this.#pinging);
    this.#pinging = this.#later(AGENT_PING_SECONDS * 1000, () => {
      this.#ping();
      this.#pingOn();
    });
  }

  /** Three times a lease, while anything runs: prolongs the lease, and looks whether it is still one. */
  #renew(): void {
    callOff(this.#renewing);
    if (this.#work.size === 0) return;
    const left = this.#lease.left(this.#time.now);
    if (left <= 0) {
      for (const { process } of [...this.#work.values()]) this.#lose(process.run.id, generationOf(process));
      // The server may believe that they are here: the next hello tells it otherwise.
      this.#pair?.breakOff();
      return;
    }
    this.#renewing = this.#later(Math.min(this.#lease.leaseMs / 3, left), () => {
      if (this.#send({ type: "renew" })) {
        this.#lease.frameSent(this.#time.now);
        this.#ping();
      }
      this.#renew();
    });
  }

  #send(frame: object): boolean {
    if (!this.#ready || !this.#pair?.[0].open) return false;
    this.#pair[0].send(JSON.stringify(frame));
    return true;
  }
}

/** What an agent starts, it starts under a claim. */
const generationOf = ({ generation }: RunProcess): number => generation ?? 0;
const claimOf = (process: RunProcess) => ({ run_id: process.run.id, generation: generationOf(process) });
