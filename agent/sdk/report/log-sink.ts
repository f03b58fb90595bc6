/** Log lines on their way to the API: in batches of at most a second, cut where they are too long, never in the way of the run. */
import type { Client } from "../api/connect.ts";
import { timestamp } from "../clock.ts";
import { describe } from "../errors.ts";
import { BatchQueue } from "./batch-queue.ts";
import { LEVELS, type LogLine } from "./log-line.ts";

/** A line waits at most this long before it is sent. */
export const LOG_DELAY_MS = 1000;
/** … and the first one after a quiet second only this long: somebody may be watching. */
const QUIET_DELAY_MS = 150;
const BATCH_LINES = 2000;
const BATCH_BYTES = 2_000_000;
/** What may wait while the API is away; then the oldest lines go, and one line says how many. */
const CAPACITY_BYTES = 16_000_000;
/** Longest message, in characters; the wire takes 1,000,000. */
export const LONGEST_MESSAGE = 500_000;
const CUT = "… (cut: the line was longer)";

export class LogSink {
  readonly #queue: BatchQueue<LogLine>;
  readonly #flowRunId: string;
  #dropped = 0;

  constructor(api: Client, flowRunId: string, onTrouble: (text: string) => void) {
    this.#flowRunId = flowRunId;
    this.#queue = new BatchQueue<LogLine>({
      send: (lines) => api("POST /logs/", { body: this.#withDropped(lines) }),
      weigh: (line) => line.message.length + 200,
      delayMs: LOG_DELAY_MS,
      quietDelayMs: QUIET_DELAY_MS,
      maxItems: BATCH_LINES,
      maxBytes: BATCH_BYTES,
      capacityBytes: CAPACITY_BYTES,
      onDrop: (count) => {
        this.#dropped += count;
      },
      onFailure: (error, lines) => onTrouble(`${lines.length} log lines could not be stored: ${describe(error)}`),
    });
  }

  push(line: LogLine): void {
    const message = line.message.length > LONGEST_MESSAGE ? line.message.slice(0, LONGEST_MESSAGE) + CUT : line.message;
    this.#queue.push({ ...line, message: message.toWellFormed() });
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  #withDropped(lines: LogLine[]): LogLine[] {
    if (this.#dropped === 0) return lines;
    const message = `${this.#dropped} log lines were dropped here: more came than could be sent.`;
    this.#dropped = 0;
    return [
      {
        name: "millrace",
        level: LEVELS.warn,
        message,
        timestamp: lines[0]?.timestamp ?? timestamp(),
        flow_run_id: this.#flowRunId,
        task_run_id: null,
      },
      ...lines,
    ];
  }
}
