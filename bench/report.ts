/** The table and the JSON of a bench. */
import { arch, cpus, release, totalmem, type } from "node:os";
import type { Row } from "./row.ts";

/** What the figures were taken on; no names of machines. */
export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${first?.model.trim() ?? arch()}), ${memory} GB, ${type()} ${release()}, Node ${process.versions.node}`;
}

const COLUMNS: [title: string, cell: (row: Row) => string, right: boolean][] = [
  ["state", (row) => row.where, false],
  ["what", (row) => row.name, false],
  ["server", (row) => row.who, false],
  ["a second", (row) => number(row.perSecond), true],
  ["p50 ms", (row) => number(row.p50), true],
  ["p99 ms", (row) => number(row.p99), true],
  ["CPU ms", (row) => number(row.cpu), true],
  ["of", (row) => row.unit, false],
  ["note", (row) => row.note, false],
];

/** The rows as a table in Markdown that is also readable as text. */
export function table(rows: readonly Row[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, column) => (COLUMNS[column]?.[2] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => `${"-".repeat(width + 1)}${COLUMNS[column]?.[2] ? ":" : "-"}`).join("|")}|`;
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** Three digits that count. */
export function number(value: number | null): string {
  if (value === null) return "";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  if (value >= 10) return value.toFixed(1);
  return value >= 1 ? value.toFixed(2) : value.toFixed(3);
}

/** The whole bench for programs to read. */
export const json = (date: string, rows: readonly Row[], aims: readonly unknown[]): string =>
  `${JSON.stringify({ date, machine: machine(), rows, aims }, null, 2)}\n`;
