/**
 * Where an agent starts runs. Each kind of infrastructure passes the shared suite (suite.ts).
 *
 * I1  The command sees the environment of its order and nothing else of the agent's.
 * I2  Everything that it started ends with it: `ended` resolves when nothing of it is left.
 * I3  Its output arrives complete before `ended` resolves.
 * I4  It ends when the agent ends, however that happens.
 * I5  What is handed over travels through a pipe that nobody else reads: it is in no environment and on no command line.
 */
export interface Infrastructure {
  /** What a pool's type is called for it. */
  readonly type: string;
  /** Starts the command of the order. Rejects when it could not be started: then nothing of it is left. */
  start(order: StartOrder): Promise<Work>;
  /** Starts a command that waits, at ORDER_FD, for what it is to do. Rejects as `start` does. */
  stand(setup: Setup): Promise<Standby>;
}

/** What a command is started with. */
export interface Setup {
  command: readonly [string, ...string[]];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  /** A folder to begin in, which exists. */
  folder: string;
}

/** What a command is then told. */
export interface Handover {
  /** Names the work in messages. */
  name: string;
  /** Written to ORDER_FD, which then ends; null for a command that waits for nothing. */
  input: string | null;
  onOutput: (stream: OutputStream, bytes: Uint8Array) => void;
}

export type StartOrder = Setup & Handover;

export type OutputStream = "stdout" | "stderr";

/** What was started. */
export interface Work {
  /** Where people find it: a process id, a container. */
  readonly place: string;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** The command has read what was handed over to it. One that ended without did nothing. */
  readonly taken: boolean;
  /** Asks it to end, and ends it after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** Ends it at once, with everything that it started. */
  kill(): void;
}

/** A command that waits. */
export interface Standby {
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** The command has said that it has nothing left to prepare, or has ended. */
  readonly ready: Promise<void>;
  /** Megabytes of memory that it has now. */
  memory(): number;
  /** Hands the work over, once. What was written before belongs to it. */
  begin(handover: Handover): Work;
  kill(): void;
}

/** How work ended: with an exit code, or by a signal. */
export interface Ended {
  exitCode: number | null;
  signal: string | null;
}

/** The file descriptor that is open in the command for as long as the agent lives (I4). */
export const LIFELINE_FD = 3;
/** The file descriptor at which a command that waits reads what it is to do, and says one of the words below. */
export const ORDER_FD = 4;
/** It has nothing left to prepare. */
export const READY = "r";
/** It has what was handed over. */
export const TAKEN = "t";
