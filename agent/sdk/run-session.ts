/**
 * What all runs of one process share: the way to the API, what is on its way there, and the signal that ends everything.
 * A flow's subflows run in its session.
 */
import { ApiError, type Client } from "./api/connect.ts";
import { PATIENCE, type Patience } from "./attempt.ts";
import { describe, LeaseLostError, TimeoutError } from "./errors.ts";
import type { Proposal } from "./propose-state.ts";
import { EventSink } from "./report/event-sink.ts";
import type { LogLine } from "./report/log-line.ts";
import { LogSink } from "./report/log-sink.ts";

export interface RunSessionOptions {
  api: Client;
  /** The run that this process is about; subflows report for themselves. */
  flowRunId: string;
  logThreshold: number;
  /** Shows lines to the person at this process; absent where they are not to be shown. */
  echo?: (line: LogLine) => void;
  /** Told of what went wrong with reporting; goes to stderr. */
  onTrouble: (text: string) => void;
  /** How long user code may clean up. */
  patience?: Patience;
  /** The state to propose for a run that was ended by `stop`. */
  whenStopped: (reason: unknown) => Promise<Proposal>;
}

export class RunSession {
  readonly api: Client;
  readonly flowRunId: string;
  readonly logThreshold: number;
  readonly events: EventSink;
  readonly patience: Patience;
  readonly #logs: LogSink;
  readonly #stop = new AbortController();
  readonly #options: RunSessionOptions;
  readonly #beside: Promise<unknown>[] = [];
  /** Ids of flows by name: a flow is created once. */
  readonly #flowIds = new Map<string, Promise<string>>();

  constructor(options: RunSessionOptions) {
    this.#options = options;
    this.api = options.api;
    this.flowRunId = options.flowRunId;
    this.logThreshold = options.logThreshold;
    this.patience = options.patience ?? PATIENCE;
    this.#logs = new LogSink(options.api, options.flowRunId, (text) => this.trouble(text));
    this.events = new EventSink(options.api, (error, count) => {
      this.noteLoss(error);
      this.trouble(`${count} task-run events could not be stored: ${describe(error)}`);
    });
  }

  /** Aborted when the whole process has to end its runs; its reason says why. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: Error): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
  }

  get lost(): boolean {
    return this.#stop.signal.reason instanceof LeaseLostError;
  }

  /** Takes a refusal for what it says: 409 means that another agent has the run now. True where it was that. */
  noteLoss(error: unknown): boolean {
    if (!(error instanceof ApiError) || error.status !== 409) return false;
    this.stop(new LeaseLostError(error.detail, { cause: error }));
    return true;
  }

  readonly write = (line: LogLine): void => {
    this.#options.echo?.(line);
    this.#logs.push(line);
  };

  /** Something to be told to the API beside the run: awaited before the run ends, and no reason for it to fail. */
  also(work: Promise<unknown>): void {
    this.#beside.push(work.catch((error: unknown) => this.trouble(describe(error))));
  }

  /** Everything reported so far is at the API, or failed for good. */
  async flush(): Promise<void> {
    await Promise.all([this.events.flush(), this.#logs.flush(), ...this.#beside.splice(0)]);
  }

  /** What a run becomes that was ended from outside. */
  async whenStopped(reason: unknown): Promise<Proposal> {
    if (reason instanceof TimeoutError)
      return { type: "CANCELLED", message: "The flow that called this one took too long." };
    return this.#options.whenStopped(reason);
  }

  trouble(text: string): void {
    if (!this.lost) this.#options.onTrouble(text);
  }

  /** The id of the flow with this name, which is created where there is none. */
  flowId(name: string): Promise<string> {
    let id = this.#flowIds.get(name);
    if (!id) {
      id = this.api("POST /flows/", { body: { name } }).then((flow) => flow.id);
      id.catch(() => this.#flowIds.delete(name));
      this.#flowIds.set(name, id);
    }
    return id;
  }
}
