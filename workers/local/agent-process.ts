/**
 * The agent that comes with the server: one process, started again when it ends by itself.
 *
 * LA1  It is asked to end (SIGTERM) and gets time to end its runs; then its process group is killed.
 * LA2  Between restarts the pause doubles, and is short again after a life that lasted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { forgetProcess, noteProcess } from "./process-files.ts";
import { restartPause } from "./restart-pause.ts";

/** The name of the agent's file in the folder of process ids. */
export const AGENT = "agent";

/** Seconds for which its runs may go on once it is asked to end. */
const DRAIN = 8;
/** Seconds for the agent to end its runs and itself. */
const GRACE = 12;

export interface AgentInputs {
  /** The built command line program. */
  cli: string;
  pool: string;
  apiUrl: string;
  apiKey: string;
  /** Its working folder. */
  folder: string;
  processes: string;
  say(line: string): void;
}

export interface AgentProcess {
  stop(): Promise<void>;
}

/** Starts it and keeps it running until `stop`. Resolves at once; whether it is connected the server knows. */
export function startAgent(inputs: AgentInputs): AgentProcess {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopping = false;
  let failures = 0;

  const start = () => {
    timer = null;
    const started = performance.now();
    const current = spawn(process.execPath, [inputs.cli, ...argumentsOf(inputs)], {
      cwd: inputs.folder,
      env: { ...process.env, MILLRACE_API_URL: inputs.apiUrl, MILLRACE_API_KEY: inputs.apiKey },
      // Its input is a pipe that closes with this process: the agent takes that as a request to end.
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C reaches it through `stop` alone, in order.
      detached: true,
    });
    child = current;
    if (current.pid !== undefined) noteProcess(inputs.processes, AGENT, current.pid);
    for (const stream of [current.stdout, current.stderr])
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => inputs.say(line));
    const ended = (how: string) => {
      if (child !== current) return;
      child = null;
      forgetProcess(inputs.processes, AGENT);
      if (stopping) return;
      const { pause, failures: next } = restartPause(failures, (performance.now() - started) / 1000);
      failures = next;
      inputs.say(`the agent ended with ${how}; it is started again in ${pause} s`);
      timer = setTimeout(start, pause * 1000);
    };
    current.once("exit", (code, signal) => ended(signal ?? `code ${code}`));
    current.once("error", (error) => ended(error.message));
  };

  start();
  return {
    stop() {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      const current = child;
      if (current === null || current.pid === undefined) return Promise.resolve();
      const { pid } = current;
      return new Promise((resolve) => {
        const force = setTimeout(() => killGroup(pid), GRACE * 1000);
        current.once("exit", () => {
          clearTimeout(force);
          resolve();
        });
        current.kill("SIGTERM");
      });
    },
  };
}

function argumentsOf({ pool, folder }: AgentInputs): string[] {
  const options = { pool, name: "local", drain: `${DRAIN}s`, "state-dir": folder, "cache-dir": join(folder, "cache") };
  return [
    "agent",
    "start",
    "--end-with-stdin",
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  ];
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it ended in this moment
  }
}
