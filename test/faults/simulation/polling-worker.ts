/**
 * A worker of Prefect's beside agents: it asks for the pool's runs every few seconds, takes each by PENDING, and starts a process for
 * what it got. What a process does not say at its end, the worker says.
 *
 * PW1  It starts a process for a run whose PENDING was its own, and for no other.
 */
import { Life } from "../platform/life.ts";
import type { Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import { type Api, Unreachable } from "./api.ts";
import type { KnownRun, KnownRuns } from "./known-runs.ts";
import { RunProcess } from "./run-process.ts";

/** Milliseconds between two polls. */
const PACE = 10_000;
/** Milliseconds for a poll; for taking a run and for saying how it ended, until there is an answer. */
const POLL_BUDGET = 5_000;
const BUDGET = 3_600_000;
const MOST = 3;

export interface PollingWorkerSetting {
  platform: Platform;
  api: Api;
  runs: KnownRuns;
  dice: Random;
}

export class PollingWorker {
  readonly name = "worker";
  readonly #setting: PollingWorkerSetting;
  readonly #living = new Set<RunProcess>();
  readonly #taking = new Set<string>();
  #takings = 0;

  constructor(setting: PollingWorkerSetting) {
    this.#setting = setting;
    this.#pollOn();
  }

  processes(): RunProcess[] {
    return [...this.#living];
  }

  #pollOn(): void {
    this.#setting.platform.time.after(PACE, () => {
      this.#pollOn();
      const life = new Life(this.name);
      this.#quietly(life, () => this.#poll(life));
    });
  }

  async #poll(life: Life): Promise<void> {
    const { api, platform, runs } = this.#setting;
    const room = MOST - this.#living.size - this.#taking.size;
    if (room <= 0) return;
    const wish = { queues: null, before: platform.time.wall * 1000, after: null, limit: room, more: [], except: [] };
    const answer = await api.pool(life, POLL_BUDGET, (pool, owner) => pool.poll(owner, wish));
    for (const { run } of answer.kind === "runs" ? answer.runs : []) {
      if (this.#taking.has(run) || !runs.has(run)) continue;
      this.#taking.add(run);
      this.#takings += 1;
      const taker = new Life(`${this.name} that takes ${this.#takings}`);
      this.#quietly(taker, () => this.#take(taker, runs.get(run), this.#takings));
    }
  }

  async #take(life: Life, run: KnownRun, taking: number): Promise<void> {
    const { api, dice } = this.#setting;
    try {
      const verdict = await api.take(life, BUDGET, run.id);
      if (verdict.kind !== "accepted") return;
      const process = new RunProcess(run, null, {
        ...{ api, dice, agent: `${this.name}, ${taking}` },
        clock: () => Date.now(),
      });
      this.#living.add(process);
      const { told } = await process.start();
      this.#living.delete(process);
      if (told) return;
      const crashed = await api.propose(life, BUDGET, run.id, { type: "CRASHED" }, { byWorker: true });
      if (crashed.kind === "replaced" && crashed.type === "CANCELLING")
        await api.propose(life, BUDGET, run.id, { type: "CANCELLED" }, { byWorker: true });
    } finally {
      this.#taking.delete(run.id);
    }
  }

  #quietly(life: Life, work: () => Promise<void>): void {
    life
      .run(work)
      .catch((error) => {
        if (!(error instanceof Unreachable)) throw error;
      })
      .finally(() => life.end());
  }
}
