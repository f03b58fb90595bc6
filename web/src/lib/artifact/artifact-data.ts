/** Reading what users put into artifacts: any JSON at all, often JSON inside a string, never to be trusted. */
export interface Table {
  columns: string[];
  rows: string[][];
  /** Rows that are not shown. */
  more: number;
}

const MOST_ROWS = 200;
const MOST_COLUMNS = 50;

/** A table from a list of records or of lists, or from a record of columns; null when it is none of these. */
export function tableOf(data: unknown): Table | null {
  const value = unpacked(data);
  if (isRecord(value)) {
    const columns = Object.keys(value).slice(0, MOST_COLUMNS);
    const lists = columns.map((column) => value[column]);
    if (columns.length === 0 || !lists.every(Array.isArray)) return null;
    const length = Math.max(...lists.map((list) => list.length));
    const rows = Array.from({ length: Math.min(length, MOST_ROWS) }, (_, n) => lists.map((list) => cell(list[n])));
    return { columns, rows, more: Math.max(0, length - MOST_ROWS) };
  }
  if (!Array.isArray(value) || value.length === 0) return null;
  const shown = value.slice(0, MOST_ROWS);
  const more = value.length - shown.length;
  if (shown.every(isRecord)) {
    const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))].slice(0, MOST_COLUMNS);
    return { columns, rows: shown.map((row) => columns.map((column) => cell(row[column]))), more };
  }
  if (!shown.every(Array.isArray)) return null;
  const width = Math.min(MOST_COLUMNS, Math.max(...shown.map((row) => row.length)));
  const columns = Array.from({ length: width }, (_, n) => String(n + 1));
  return { columns, rows: shown.map((row) => columns.map((_, n) => cell(row[n]))), more };
}

/** Percent done, between 0 and 100; null for no number. */
export function progressOf(data: unknown): number | null {
  const value = typeof data === "string" && data.trim() !== "" ? Number(data) : data;
  return typeof value === "number" && Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : null;
}

/** The address that a text is, when it is one of the web. */
export function webAddressOf(data: unknown): string | null {
  if (typeof data !== "string") return null;
  try {
    const { protocol, href } = new URL(data.trim());
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** Where a link artifact leads, and its words: bare, or written as in markdown. Null: nowhere in the web. */
export function linkOf(data: unknown): { address: string; words: string } | null {
  if (typeof data !== "string") return null;
  const [, words, written] = /^\s*\[([^\]]*)\]\(([^)\s]+)\)\s*$/.exec(data) ?? [];
  const address = webAddressOf(written ?? data);
  return address === null ? null : { address, words: words || address };
}

/** The address of a picture that the page may show: one of the web that nobody can read on its way, or the picture itself. */
export function pictureAddressOf(data: unknown): string | null {
  const address = webAddressOf(data);
  if (address) return address.startsWith("https:") ? address : null;
  const text = typeof data === "string" ? data.trim() : "";
  return /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i.test(text) ? text : null;
}

function unpacked(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const cell = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
