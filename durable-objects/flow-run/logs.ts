/**
 * The log of one flow run: one row for all lines that came together.
 *
 * FO7  Lines of one call are stored or refused together, in one row.
 *
 * A line's id is that of its batch with its place in it, so that a line read twice is known to be one.
 */
import { type LogFilter, matchesLog } from "@millrace/domain/filter/logs.ts";
import { type LogSort, logOrder } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";

const PREFIX = "log/";
/** Lines of one row: the row's place is a number, the line's four hex digits. */
export const MOST_LINES = 65_536;

/** A line as it comes in. */
export interface Line {
  name: string;
  level: number;
  message: string;
  timestamp: Instant;
  taskRunId: string | null;
}

/** How a row is stored: what all lines share, then the lines as tuples. */
interface Row {
  /** The batch's id without its last four digits. */
  id: string;
  lines: [name: string, level: number, message: string, timestamp: Instant, taskRunId: string | null][];
}

export class Logs {
  readonly #store: Store;
  #next: number | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Stores lines in one row; answers them as they will be read. Must stand in a transaction. */
  append(flowRunId: string, lines: readonly Line[], batch: string): Log[] {
    const row: Row = {
      id: batch.slice(0, -4),
      lines: lines.map(({ name, level, message, timestamp, taskRunId }) => [
        name,
        level,
        message,
        timestamp,
        taskRunId,
      ]),
    };
    this.#next ??= this.#count();
    this.#store.put(PREFIX + String(this.#next).padStart(9, "0"), JSON.stringify(row));
    this.#next += 1;
    return linesOf(flowRunId, row);
  }

  /** The lines that a filter means, sorted and cut. */
  read(
    flowRunId: string,
    { filter, sort, limit, offset }: { filter: LogFilter; sort: LogSort; limit: number; offset: number },
  ): Log[] {
    const lines: Log[] = [];
    for (const [, value] of this.#store.list(PREFIX)) {
      for (const line of linesOf(flowRunId, JSON.parse(value) as Row)) if (matchesLog(filter, line)) lines.push(line);
    }
    return lines.sort(logOrder(sort)).slice(offset, offset + limit);
  }

  forget(): void {
    this.#next = null;
  }

  #count(): number {
    const last = this.#store.lastKey(PREFIX);
    return last === null ? 0 : Number(last.slice(PREFIX.length)) + 1;
  }
}

function linesOf(flowRunId: string, row: Row): Log[] {
  return row.lines.map(([name, level, message, timestamp, taskRunId], at) => ({
    id: row.id + at.toString(16).padStart(4, "0"),
    name,
    level,
    message,
    timestamp,
    flowRunId,
    taskRunId,
  }));
}
