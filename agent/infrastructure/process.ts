/**
 * Processes on the agent's own machine: one for each run, leader of a process group of its own, so that everything it starts
 * can be ended with it. The command keeps a pipe to the agent (LIFELINE_FD); when that ends without the agent having asked for
 * anything, the agent is gone, and the command's bootstrap ends its group.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import {
  type Ended,
  type Handover,
  type Infrastructure,
  LIFELINE_FD,
  ORDER_FD,
  READY,
  type Setup,
  type Standby,
  type StartOrder,
  TAKEN,
  type Work,
} from "./infrastructure.ts";

/** How long output may still come after the process ended; then somebody outside of its group holds the pipe. */
const OUTPUT_PATIENCE_MS = 1000;
/** Megabytes that a process is taken to have where the system does not tell. */
const GUESSED_MEMORY = 96;
/** Bytes of a page, as /proc counts them. */
const PAGE = 4096;

export const processInfrastructure: Infrastructure = {
  type: "process",
  async start(order: StartOrder): Promise<Work> {
    return (await spawnProcess(order, order.input !== null)).begin(order);
  },
  stand: (setup: Setup): Promise<Standby> => spawnProcess(setup, true),
};

async function spawnProcess({ command, env, folder }: Setup, waits: boolean): Promise<OwnProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe", ...(waits ? ["pipe" as const] : [])],
  });
  const own = new OwnProcess(child);
  await started(child);
  return own;
}

class OwnProcess implements Work, Standby {
  readonly ended: Promise<Ended>;
  readonly ready: Promise<void>;
  taken: boolean;
  readonly #child: ChildProcess;
  readonly #channel: Duplex | null;
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#channel = (child.stdio[ORDER_FD] as Duplex | undefined) ?? null;
    this.taken = this.#channel === null;
    this.ended = this.#watch();
    this.ready = this.#listen();
  }

  get place(): string {
    return `process ${this.#child.pid}`;
  }

  memory(): number {
    try {
      const pages = Number(readFileSync(`/proc/${this.#child.pid}/statm`, "utf8").split(" ")[1]);
      return (pages * PAGE) / 1_000_000;
    } catch {
      return GUESSED_MEMORY;
    }
  }

  begin({ input, onOutput }: Handover): Work {
    for (const name of ["stdout", "stderr"] as const)
      this.#child[name]?.on("data", (bytes: Uint8Array) => onOutput(name, bytes));
    this.#channel?.end(input ?? "");
    return this;
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#over) return;
    this.#signalGroup("SIGTERM");
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.#over) this.#signalGroup("SIGKILL");
  }

  /** Hears what the command says at ORDER_FD. */
  #listen(): Promise<void> {
    return new Promise((resolve) => {
      void this.ended.then(() => resolve());
      this.#channel?.on("data", (bytes: Buffer) => {
        const words = bytes.toString("latin1");
        if (words.includes(READY)) resolve();
        this.taken ||= words.includes(TAKEN);
      });
    });
  }

  async #watch(): Promise<Ended> {
    const child = this.#child;
    const outputs = [child.stdout, child.stderr].map(
      (stream) => new Promise<void>((resolve) => void stream?.once("close", resolve)),
    );
    // An error of the pipes is the process's end, which is seen below.
    for (const pipe of [child.stdio[LIFELINE_FD], this.#channel]) pipe?.on("error", () => {});
    const ended = await new Promise<Ended>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
      child.once("error", () => resolve({ exitCode: null, signal: null }));
    });
    // The leader is gone; whatever it left behind in its group goes too, and with it the pipes that it held.
    if (child.pid !== undefined) this.#signalGroup("SIGKILL");
    this.#over = true;
    // Nobody may have listened yet.
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    const patience = AbortSignal.timeout(OUTPUT_PATIENCE_MS);
    await Promise.race([
      Promise.all(outputs),
      new Promise((resolve) => patience.addEventListener("abort", resolve, { once: true })),
    ]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    this.#channel?.destroy();
    return ended;
  }

  /** Signals every process of the group; none being left is no error. */
  #signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid as number), signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (error) => reject(new Error(`The process could not be started: ${error.message}`)));
  });
}
