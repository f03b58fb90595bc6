/**
 * The log of one run: one row for all lines that came together.
 *
 * FO7  Lines of one call are stored or refused together, in one row.
 *
 * A line's id is that of its batch with its place in it, so that a line read twice is known to be one.
 */
import { type LogFilter, matchesLog } from "@millrace/domain/filter/logs.ts";
import { type LogSort, logOrder } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "./store.ts";

/** Where the lines of a flow run lie. */
const PREFIX = "log/";
/** Lines of one row: the row's place is a number, the line's four hex digits. */
export const MOST_LINES = 65_536;

/** Characters of text in one row: at most four bytes each, a row holds two million bytes. */
const LARGEST_ROW = 450_000;
/** Lines beyond those wanted that may wait for the next sorting. */
const SLACK = 1_000;

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
  readonly #prefix: string;
  #next: number | null = null;

  /** `prefix`: where the lines lie, for an object that keeps the logs of several. */
  constructor(store: Store, prefix = PREFIX) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Stores lines, in one row unless they are very long; answers them as they will be read. Must stand in a transaction. */
  append(flowRunId: string | null, lines: readonly Line[], newBatch: () => string): Log[] {
    return rowsOf(lines).flatMap((some) => {
      const row: Row = {
        id: newBatch().slice(0, -4),
        lines: some.map(({ name, level, message, timestamp, taskRunId }) => [
          name,
          level,
          bounded(message),
          timestamp,
          taskRunId,
        ]),
      };
      this.#next ??= this.#count();
      this.#store.put(this.#prefix + String(this.#next).padStart(9, "0"), JSON.stringify(row));
      this.#next += 1;
      return linesOf(flowRunId, row);
    });
  }

  /** The lines that a filter means, sorted and cut. Holds little more than that many of them, however long the log is. */
  read(
    flowRunId: string | null,
    { filter, sort, limit, offset }: { filter: LogFilter; sort: LogSort; limit: number; offset: number },
  ): Log[] {
    const order = logOrder(sort);
    const wanted = offset + limit;
    let lines: Log[] = [];
    for (const [, value] of this.#store.list(this.#prefix)) {
      for (const line of linesOf(flowRunId, JSON.parse(value) as Row)) if (matchesLog(filter, line)) lines.push(line);
      if (lines.length > 2 * wanted + SLACK) lines = lines.sort(order).slice(0, wanted);
    }
    return lines.sort(order).slice(offset, wanted);
  }

  /** Forgets the lines of a task run. Must stand in a transaction. */
  removeOf(taskRunId: string): void {
    for (const [key, value] of [...this.#store.list(this.#prefix)]) {
      const row = JSON.parse(value) as Row;
      const lines = row.lines.filter(([, , , , of]) => of !== taskRunId);
      if (lines.length < row.lines.length) this.#store.put(key, JSON.stringify({ ...row, lines }));
    }
  }

  /** Forgets all lines. Must stand in a transaction. */
  clear(): void {
    for (const [key] of [...this.#store.list(this.#prefix)]) this.#store.delete(key);
    this.#next = null;
  }

  forget(): void {
    this.#next = null;
  }

  #count(): number {
    const last = this.#store.lastKey(this.#prefix);
    return last === null ? 0 : Number(last.slice(this.#prefix.length)) + 1;
  }
}

/** A message that a row can hold whatever its letters: only one of nearly a million that are not Latin is cut. */
const bounded = (message: string): string =>
  message.length > LARGEST_ROW && new TextEncoder().encode(message).length > 4 * LARGEST_ROW
    ? `${message.slice(0, LARGEST_ROW)} … (cut: the line was longer than a row)`
    : message;

/** The lines in groups, each of which one row can hold. */
function rowsOf(lines: readonly Line[]): Line[][] {
  const rows: Line[][] = [];
  let size = 0;
  for (const line of lines) {
    const last = rows.at(-1);
    size += line.message.length + line.name.length;
    if (last && size <= LARGEST_ROW && last.length < MOST_LINES) last.push(line);
    else {
      rows.push([line]);
      size = line.message.length + line.name.length;
    }
  }
  return rows;
}

function linesOf(flowRunId: string | null, row: Row): Log[] {
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
