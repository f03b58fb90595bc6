/**
 * Processes on the agent's own machine: one for each run, leader of a process group of its own, so that everything it starts
 * can be ended with it. The command keeps a pipe to the agent (LIFELINE_FD); when that ends without the agent having asked for
 * anything, the agent is gone, and the command's bootstrap ends its group.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type Ended, type Infrastructure, LIFELINE_FD, type StartOrder, type Work } from "./infrastructure.ts";

/** How long output may still come after the process ended; then somebody outside of its group holds the pipe. */
const OUTPUT_PATIENCE_MS = 1000;

export const processInfrastructure: Infrastructure = {
  type: "process",
  async start(order: StartOrder): Promise<Work> {
    const [program, ...args] = order.command;
    const child = spawn(program, args, {
      cwd: order.folder,
      env: { ...order.env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const ended = watch(child, order);
    await started(child);
    return new ProcessWork(child, ended);
  },
};

class ProcessWork implements Work {
  readonly place: string;
  readonly ended: Promise<Ended>;
  readonly #pid: number;
  #over = false;

  constructor(child: ChildProcess, ended: Promise<Ended>) {
    this.#pid = child.pid as number;
    this.place = `process ${child.pid}`;
    this.ended = ended;
    void ended.then(() => {
      this.#over = true;
    });
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#over) return;
    signalGroup(this.#pid, "SIGTERM");
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.#over) signalGroup(this.#pid, "SIGKILL");
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (error) => reject(new Error(`The process could not be started: ${error.message}`)));
  });
}

async function watch(child: ChildProcess, order: StartOrder): Promise<Ended> {
  const outputs = (["stdout", "stderr"] as const).map((name) => {
    const stream = child[name];
    stream?.on("data", (bytes: Uint8Array) => order.onOutput(name, bytes));
    return new Promise<void>((resolve) => {
      stream?.once("close", resolve);
    });
  });
  // Writes to the lifeline never happen; an error of it is the process's end, which is seen below.
  child.stdio[LIFELINE_FD]?.on("error", () => {});
  const ended = await new Promise<Ended>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    child.once("error", () => resolve({ exitCode: null, signal: null }));
  });
  // The leader is gone; whatever it left behind in its group goes too, and with it the pipes that it held.
  if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  const patience = AbortSignal.timeout(OUTPUT_PATIENCE_MS);
  await Promise.race([
    Promise.all(outputs),
    new Promise((resolve) => patience.addEventListener("abort", resolve, { once: true })),
  ]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return ended;
}

/** Signals every process of the group; none being left is no error. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
