/** The pool against an infrastructure whose processes wait, die and end when the test wants. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type {
  Ended,
  Handover,
  Infrastructure,
  Setup,
  Standby,
  StartOrder,
  Work,
} from "../infrastructure/infrastructure.ts";
import { KEEP_MS } from "./demand.ts";
import { WarmPool } from "./warm-pool.ts";

class OneProcess implements Standby, Work {
  readonly place: string;
  readonly ended: Promise<Ended>;
  readonly ready: Promise<void>;
  taken = false;
  handover: Handover | null = null;
  end!: (ended: Ended) => void;
  becomeReady!: () => void;
  readonly setup: Setup;
  readonly #obeys: boolean;
  constructor(number: number, setup: Setup, obeys: boolean) {
    this.setup = setup;
    this.#obeys = obeys;
    this.place = `process ${number}`;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.ready = new Promise((resolve) => {
      this.becomeReady = resolve;
      void this.ended.then(() => resolve());
    });
  }
  memory = () => 50;
  begin(handover: Handover): Work {
    this.handover = handover;
    this.taken = this.#obeys;
    return this;
  }
  async stop(): Promise<void> {
    this.end({ exitCode: 0, signal: "SIGTERM" });
  }
  kill(): void {
    this.end({ exitCode: null, signal: "SIGKILL" });
  }
}

class Processes implements Infrastructure {
  readonly type = "test";
  /** Those that waited, and those that were started with their order. */
  readonly waited: OneProcess[] = [];
  readonly cold: OneProcess[] = [];
  /** Whether those that wait take what they are handed. */
  obey = true;
  async start(order: StartOrder): Promise<Work> {
    const own = new OneProcess(this.cold.length, order, true);
    this.cold.push(own);
    return own.begin(order);
  }
  async stand(setup: Setup): Promise<Standby> {
    const own = new OneProcess(this.waited.length, setup, this.obey);
    this.waited.push(own);
    own.becomeReady();
    return own;
  }
}

let processes: Processes;
let pool: WarmPool;
const said: string[] = [];
const open = (count = 4, megabytes = 1000) => {
  pool = new WarmPool(processes, { count, megabytes }, (text) => said.push(text));
};
const order = (changes: Partial<StartOrder> = {}): StartOrder => ({
  command: ["node", "child.js"],
  env: { A: "1" },
  folder: "/waiting",
  name: "run",
  input: "order",
  onOutput: () => {},
  ...changes,
});
const settle = () => vi.advanceTimersByTimeAsync(1_000);

beforeEach(() => {
  vi.useFakeTimers();
  processes = new Processes();
  open();
});
afterEach(() => {
  pool.close();
  vi.useRealTimers();
});

test("[AG60] nothing waits before a run has come; then as many as came at once", async () => {
  await settle();
  expect(processes.waited).toEqual([]);
  await Promise.all([pool.start(order()), pool.start(order()), pool.start(order())]);
  expect(processes.waited).toEqual([]);
  await settle();
  expect(processes.cold.length).toBe(3);
  expect(processes.waited.length).toBe(3);
});

test("[AG60] never more than the limits of number and memory", async () => {
  pool.close();
  open(4, 130);
  for (let run = 0; run < 9; run++) await pool.start(order());
  await settle();
  expect(processes.waited.length).toBe(2);
});

test("[AG60] what waited in vain is ended", async () => {
  await pool.start(order());
  await settle();
  await vi.advanceTimersByTimeAsync(KEEP_MS * 1.5);
  expect(await processes.waited[0]?.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(vi.getTimerCount()).toBe(0);
});

test("[AG62] a process is used once, and only for a run of its own command and environment", async () => {
  await pool.start(order());
  await settle();
  await pool.start(order({ env: { A: "2" } }));
  await pool.start(order({ command: ["node", "other.js"] }));
  expect(processes.cold.length).toBe(3);
  const work = await pool.start(order({ input: "mine" }));
  await pool.start(order({ input: "another's" }));
  expect(processes.cold.length).toBe(4);
  expect(processes.waited[0]?.handover?.input).toBe("mine");
  expect(processes.waited[0]?.setup).toEqual({ command: ["node", "child.js"], env: { A: "1" }, folder: "/waiting" });
  processes.waited[0]?.end({ exitCode: 3, signal: null });
  expect(await work.ended).toEqual({ exitCode: 3, signal: null });
});

test("[AG63] one that died while it waited is replaced, and its death unseen costs the run nothing", async () => {
  await pool.start(order());
  await settle();
  processes.waited[0]?.kill();
  await settle();
  expect(processes.waited.length).toBe(2);
  processes.waited[1]!.taken = false;
  Object.assign(processes.waited[1]!, { begin: () => processes.waited[1] });
  const work = await pool.start(order());
  processes.waited[1]?.kill();
  await settle();
  expect(processes.cold.length).toBe(2);
  processes.cold[1]?.end({ exitCode: 0, signal: null });
  expect(await work.ended).toEqual({ exitCode: 0, signal: null });
});

test("[AG63] a run that was to be ended is not begun anew", async () => {
  processes.obey = false;
  await pool.start(order());
  await settle();
  const work = await pool.start(order());
  work.kill();
  expect(await work.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(processes.cold.length).toBe(1);
});

test("[AG63] where all that wait die, none are started after some", async () => {
  await pool.start(order());
  for (let death = 0; death < 6; death++) {
    await settle();
    for (const one of processes.waited) one.kill();
  }
  expect(processes.waited.length).toBe(3);
});

test("[AG64] without a count nothing waits", async () => {
  pool.close();
  open(0);
  await pool.start(order());
  await settle();
  expect(processes.waited).toEqual([]);
});

test("[AG60] a pool that is closed ends what waits, and starts what comes", async () => {
  await pool.start(order());
  await settle();
  pool.close();
  expect(await processes.waited[0]?.ended).toMatchObject({ signal: "SIGKILL" });
  await pool.start(order());
  await settle();
  expect(processes.cold.length).toBe(2);
  expect(processes.waited.length).toBe(1);
});
