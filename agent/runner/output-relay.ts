/** What a run's process writes, line by line, on its way into the run's log. */
import { StringDecoder } from "node:string_decoder";
import type { OutputStream } from "../infrastructure/infrastructure.ts";
import { timestamp } from "../sdk/clock.ts";
import { LEVELS, type LogLine } from "../sdk/report/log-line.ts";
import { LONGEST_MESSAGE } from "../sdk/report/log-sink.ts";

/** Where lines go. */
export interface LineTarget {
  push(line: LogLine): void;
  flush(): Promise<void>;
}

interface Pending {
  decoder: StringDecoder;
  text: string;
}

/** A NUL ends texts for many programs that show logs. */
const NUL = "\u0000";

export class OutputRelay {
  readonly #target: LineTarget;
  readonly #flowRunId: string;
  readonly #pending: Record<OutputStream, Pending> = {
    stdout: { decoder: new StringDecoder("utf8"), text: "" },
    stderr: { decoder: new StringDecoder("utf8"), text: "" },
  };

  constructor(target: LineTarget, flowRunId: string) {
    this.#target = target;
    this.#flowRunId = flowRunId;
  }

  /** Takes bytes as they come; a line is whole when its end has come, or when it is too long for one. */
  take(stream: OutputStream, bytes: Uint8Array): void {
    const pending = this.#pending[stream];
    pending.text += pending.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const lines = pending.text.split(/\r?\n/);
    pending.text = lines.pop() as string;
    for (const line of lines) this.#push(stream, line);
    while (pending.text.length > LONGEST_MESSAGE) {
      this.#push(stream, pending.text.slice(0, LONGEST_MESSAGE));
      pending.text = pending.text.slice(LONGEST_MESSAGE);
    }
  }

  /** The process has ended: what has no line end is a line too. Resolves when all is at the API, or given up. */
  async end(): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const pending = this.#pending[stream];
      const rest = pending.text + pending.decoder.end();
      pending.text = "";
      if (rest !== "") this.#push(stream, rest);
    }
    await this.#target.flush();
  }

  #push(stream: OutputStream, text: string): void {
    if (text.trim() === "") return;
    this.#target.push({
      name: stream,
      level: stream === "stderr" ? LEVELS.warn : LEVELS.info,
      message: text.replaceAll(NUL, "\ufffd"),
      timestamp: timestamp(),
      flow_run_id: this.#flowRunId,
      task_run_id: null,
    });
  }
}
