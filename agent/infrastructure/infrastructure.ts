/**
 * Where an agent starts runs. Each kind of infrastructure passes the shared suite (suite.ts).
 *
 * I1  The command sees the environment of its order and nothing else of the agent's.
 * I2  Everything that it started ends with it: `ended` resolves when nothing of it is left.
 * I3  Its output arrives complete before `ended` resolves.
 * I4  It ends when the agent ends, however that happens.
 */
export interface Infrastructure {
  /** What a pool's type is called for it. */
  readonly type: string;
  /** Starts the command of the order. Rejects when it could not be started: then nothing of it is left. */
  start(order: StartOrder): Promise<Work>;
}

export interface StartOrder {
  /** Names the work in messages. */
  name: string;
  command: readonly [string, ...string[]];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  /** A folder of its own, which exists. */
  folder: string;
  onOutput: (stream: OutputStream, bytes: Uint8Array) => void;
}

export type OutputStream = "stdout" | "stderr";

/** What was started. */
export interface Work {
  /** Where people find it: a process id, a container. */
  readonly place: string;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** Asks it to end, and ends it after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** Ends it at once, with everything that it started. */
  kill(): void;
}

/** How work ended: with an exit code, or by a signal. */
export interface Ended {
  exitCode: number | null;
  signal: string | null;
}

/** The file descriptor that is open in the command for as long as the agent lives (I4). */
export const LIFELINE_FD = 3;
