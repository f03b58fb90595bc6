/**
 * Background tasks, those who ask for them, and the task workers that fetch them over a socket: each says that it has one as soon as it
 * came, and runs it then.
 *
 * TW1  A background task is handed out until a worker has said that it has it, and then to nobody else.
 */

import { backgroundTasksAt, type Remote } from "../../../durable-objects/addresses.ts";
import type { BackgroundTasksRpc } from "../../../durable-objects/background-tasks/rpc.ts";
import { isProblem } from "../../../durable-objects/flow-run/rpc.ts";
import { Life } from "../platform/life.ts";
import type { ObjectHost } from "../platform/object-host.ts";
import type { Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import type { SocketEnd, SocketPair } from "../platform/sockets.ts";
import { type Api, Unreachable } from "./api.ts";
import { Violation } from "./invariants.ts";

const KEY = "work";
/** Milliseconds for which somebody tries to have a task taken, or to say how it goes. */
const BUDGET = 90_000;
/** Milliseconds until a worker says that it has what came, on average. */
const HESITATION = 300;
/** Milliseconds after which a worker takes a silent line for dead, and until it connects anew. */
const SILENCE = 40_000;
const PAUSE = 1_000;

export interface TaskWorkersSetting {
  platform: Platform;
  api: Api;
  dice: Random;
}

export class BackgroundWork {
  readonly workers: TaskWorker[];
  readonly #setting: TaskWorkersSetting;
  /** Tasks that somebody was told are there, and who was heard to have them. */
  readonly #asked = new Set<string>();
  readonly #had = new Map<string, string>();
  /** Tasks that a worker began: what it said before may have been lost. */
  readonly #begun = new Set<string>();
  #made = 0;

  constructor(setting: TaskWorkersSetting, workers: number) {
    this.#setting = setting;
    const begin = (id: string) => this.#begun.add(id);
    this.workers = Array.from({ length: workers }, (_, at) => new TaskWorker(`task worker ${at + 1}`, setting, begin));
  }

  /** Somebody asks for a task. */
  ask(dice: Random): string {
    this.#made += 1;
    const [id, number] = [dice.uuid(), this.#made];
    const life = new Life(`asker of task ${number}`);
    const { api } = this.#setting;
    const task = { id, taskKey: KEY, dynamicKey: `${number}`, offeredName: `${KEY}-${number}` };
    const state = { type: "SCHEDULED", details: { deferred: true } } as const;
    life
      .run(() => asked(api, life, (desk) => desk.create(api.owner, { ...task, flowRunId: null, state })))
      .then((answer) => !isProblem(answer) && this.#asked.add(id))
      .catch((error) => {
        if (!(error instanceof Unreachable)) throw error;
      })
      .finally(() => life.end());
    return `somebody asks for task ${number}`;
  }

  /** A worker dies, and comes back. `silently`: nobody hears of it. */
  kill(dice: Random, silently: boolean): string {
    const worker = dice.pick(this.workers);
    const seconds = dice.around(10);
    worker.die(silently);
    this.#setting.platform.time.after(seconds * 1000, () => worker.rise());
    return `${worker.name} ${silently ? "loses power" : "dies"}, and is back in ${seconds.toFixed(1)} s`;
  }

  /** An object hears something from a socket's other end. */
  heard(host: ObjectHost, socket: SocketEnd, text: string): void {
    if (!host.name.startsWith("BACKGROUND_TASKS/") || JSON.parse(text).type !== "ack") return;
    const { out, clientId } = socket.deserializeAttachment() as { out: string | null; clientId: string };
    if (out === null) return;
    const before = this.#had.get(out);
    if (before !== undefined)
      throw new Violation("a background task is handed out once", `${before} has it, and ${clientId} says the same`);
    this.#had.set(out, clientId);
  }

  /** Whether every task is in somebody's hands that somebody was told is there. */
  get isDone(): boolean {
    return [...this.#asked].every((id) => this.#isTaken(id));
  }

  /** A worker has it: it said so, or that was lost, and what it began is waiting no longer. */
  #isTaken(id: string): boolean {
    const { platform, api } = this.#setting;
    const { disk } = platform.host("BACKGROUND_TASKS", api.owner.workspace);
    const waits = () => [...disk.entries.keys()].some((key) => key.startsWith("wait/") && key.endsWith(id));
    return this.#had.has(id) || (this.#begun.has(id) && !waits());
  }

  /** To be called at the end. */
  checkEnd(): void {
    const left = [...this.#asked].find((id) => !this.#isTaken(id));
    if (left) throw new Violation("every background task is handed out", `nobody was given ${left}`);
  }
}

/** Asks the workspace's object of background tasks until there is an answer. */
const asked = <T>(api: Api, life: Life, call: (desk: Remote<BackgroundTasksRpc>) => Promise<T>): Promise<T> =>
  api.ask(life, BUDGET, (env) => call(backgroundTasksAt(env, api.owner.workspace)));

class TaskWorker {
  readonly name: string;
  readonly #setting: TaskWorkersSetting;
  readonly #begin: (id: string) => void;
  #life: Life;
  #pair: SocketPair | null = null;

  /** `begin` hears of each task that it begins. */
  constructor(name: string, setting: TaskWorkersSetting, begin: (id: string) => void) {
    this.name = name;
    this.#begin = begin;
    this.#setting = setting;
    this.#life = new Life(name);
    this.#connect();
  }

  /** The line to the server, to be held or cut; null while there is none. */
  get line(): SocketPair | null {
    return this.#pair;
  }

  die(silently: boolean): void {
    this.#life.end();
    if (silently) this.#pair?.cut();
    else this.#pair?.clientDied();
    this.#pair = null;
  }

  rise(): void {
    if (this.#life.alive) return;
    this.#life = new Life(this.name);
    this.#connect();
  }

  #connect(): void {
    const { platform, api } = this.#setting;
    const { workspace } = api.owner;
    const life = this.#life;
    const host = platform.host("BACKGROUND_TASKS", workspace);
    const worker = encodeURIComponent(JSON.stringify({ workspace, clientId: this.name, keys: [KEY] }));
    const later = () => life.alive && platform.time.after(PAUSE, () => life.alive && this.#connect());
    platform.network
      .call(life, "the desk", () =>
        host.connect(this.name, `http://object/worker?worker=${worker}`, { upgrade: "websocket" }),
      )
      .then((pair) => (pair ? this.#connected(life, pair) : later()), later);
  }

  #connected(life: Life, pair: SocketPair): void {
    const { time } = this.#setting.platform;
    if (!life.alive) {
      pair.clientDied();
      return;
    }
    this.#pair = pair;
    const down = () => {
      if (this.#pair !== pair || !life.alive) return;
      pair.clientDied();
      this.#pair = null;
      time.after(PAUSE, () => life.alive && this.#connect());
    };
    pair[0].listener = { text: (text) => life.alive && this.#handed(life, pair, text), closed: down };
    // The client's own pings: a line that carries nothing is given up.
    const watch = () =>
      time.after(SILENCE, () => {
        if (this.#pair !== pair || !life.alive) return;
        if (pair.isCut) down();
        else watch();
      });
    watch();
  }

  #handed(life: Life, pair: SocketPair, text: string): void {
    const { dice, platform } = this.#setting;
    const { id } = JSON.parse(text) as { id: string };
    platform.time.after(dice.around(HESITATION), () => {
      if (!life.alive || !pair[0].open) return;
      pair[0].send(JSON.stringify({ type: "ack" }));
      life
        .run(() => this.#execute(life, id))
        .catch((error) => {
          if (!(error instanceof Unreachable)) throw error;
        });
    });
  }

  async #execute(life: Life, id: string): Promise<void> {
    const { api, dice } = this.#setting;
    this.#begin(id);
    for (const type of ["RUNNING", "COMPLETED"] as const) {
      const how = { force: false, reporter: null };
      await asked(api, life, (desk) => desk.setTaskRunState(api.owner, id, { type }, how));
      await api.pause(life, dice.around(2_000));
    }
  }
}
