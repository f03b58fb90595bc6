/** Lines and the dividers between attempts as one list of rows, without a copy of the lines. */
import { attemptDividers, type LogLine } from "./log-book.ts";

export type LogRow = { kind: "line"; line: LogLine } | { kind: "attempt"; attempt: number; at: number };

export class LogRows {
  readonly #lines: readonly LogLine[];
  /** In order; `row` is the divider's own place among all rows. */
  readonly #dividers: { row: number; attempt: number; at: number }[];

  constructor(lines: readonly LogLine[], attemptStarts: readonly number[]) {
    this.#lines = lines;
    this.#dividers = attemptDividers(lines, attemptStarts).map(({ line, attempt, at }, n) => ({
      row: line + n,
      attempt,
      at,
    }));
  }

  get count(): number {
    return this.#lines.length + this.#dividers.length;
  }

  at(row: number): LogRow | null {
    let before = 0;
    for (const divider of this.#dividers) {
      if (divider.row === row) return { kind: "attempt", attempt: divider.attempt, at: divider.at };
      if (divider.row > row) break;
      before++;
    }
    const line = this.#lines[row - before];
    return line ? { kind: "line", line } : null;
  }

  /** A key that stays the row's own while others come before and after it. */
  keyOf(row: number): string {
    const found = this.at(row);
    if (!found) return `none-${row}`;
    return found.kind === "line" ? found.line.id : `attempt-${found.attempt}`;
  }

  /** The row of a line. */
  rowOf(line: number): number {
    let row = line;
    for (const divider of this.#dividers) if (divider.row <= row) row++;
    return row;
  }
}
