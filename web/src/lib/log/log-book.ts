/**
 * The lines of a run's log that a page holds: in order, each once, whatever comes first, twice or late.
 *
 * LB1  Lines are ordered by time; lines of the same time stay in the order in which they came.
 * LB2  A line that is already there (by id) changes nothing.
 * LB3  Adding at the end, which is what a live log does, costs only the new lines.
 */
import type { WireLog } from "@millrace/contract/logs.ts";
import { milliseconds } from "../time/tell.ts";

export interface LogLine {
  id: string;
  at: number;
  level: number;
  logger: string;
  message: string;
  /** The task run that wrote it; null for the flow itself. */
  task: string | null;
}

export const logLine = (log: WireLog): LogLine => ({
  id: log.id,
  at: milliseconds(log.timestamp) ?? 0,
  level: log.level,
  logger: log.name,
  message: log.message,
  task: log.task_run_id,
});

export class LogBook {
  readonly lines: LogLine[] = [];
  readonly #seen = new Set<string>();

  /** Adds live lines; answers how many of them were new. */
  append(batch: readonly LogLine[]): number {
    return this.#add(batch, "after");
  }

  /** Adds a page of older lines; those of the same time as lines here come before them. */
  prepend(batch: readonly LogLine[]): number {
    return this.#add(batch, "before");
  }

  #add(batch: readonly LogLine[], among: "before" | "after"): number {
    const fresh = batch.filter((line) => !this.#seen.has(line.id) && this.#seen.add(line.id));
    if (fresh.length === 0) return 0;
    fresh.sort((a, b) => a.at - b.at);
    const last = this.lines.at(-1);
    if (!last || (among === "after" ? fresh[0]!.at >= last.at : fresh[0]!.at > last.at)) {
      for (const line of fresh) this.lines.push(line);
      return fresh.length;
    }
    const held = this.lines.splice(0);
    let next = 0;
    for (const line of held) {
      while (next < fresh.length && (among === "before" ? fresh[next]!.at <= line.at : fresh[next]!.at < line.at)) {
        this.lines.push(fresh[next++]!);
      }
      this.lines.push(line);
    }
    while (next < fresh.length) this.lines.push(fresh[next++]!);
    return fresh.length;
  }
}

/** The number of Python's and our own loggers as a word; levels between two words take the lower. */
export function wordOfLevel(level: number): string {
  if (level >= 50) return "CRITICAL";
  if (level >= 40) return "ERROR";
  if (level >= 30) return "WARNING";
  if (level >= 20) return "INFO";
  return level >= 10 ? "DEBUG" : "TRACE";
}

/** The same where there is room for five letters. */
export const shortLevel = (level: number): string =>
  ({ CRITICAL: "FATAL", WARNING: "WARN" })[wordOfLevel(level)] ?? wordOfLevel(level);

/** Where attempts begin among lines: `line` is the index of an attempt's first line. The first attempt needs no divider. */
export function attemptDividers(
  lines: readonly LogLine[],
  starts: readonly number[],
): { line: number; attempt: number; at: number }[] {
  const dividers: { line: number; attempt: number; at: number }[] = [];
  for (const [index, at] of starts.entries()) {
    if (index === 0) continue;
    let low = 0;
    let high = lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    dividers.push({ line: low, attempt: index + 1, at });
  }
  return dividers;
}

/** Indices of the lines that contain the text, upper and lower case alike. `from` continues an earlier search. */
export function linesWith(lines: readonly LogLine[], text: string, from = 0): number[] {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (wanted === "") return found;
  for (let index = from; index < lines.length; index++) {
    if (lines[index]!.message.toLowerCase().includes(wanted)) found.push(index);
  }
  return found;
}

/** A line's own address: its time in microseconds and the head of its id, so that the page can go there before it has the line. */
export const anchorOf = (line: LogLine): string => `L${Math.round(line.at * 1000)}-${line.id.slice(0, 8)}`;

/** The time (milliseconds) and id's head of an address's hash; null for any other hash. */
export function parseAnchor(hash: string): { at: number; id: string } | null {
  const match = /^#?L(\d{1,17})-([0-9a-f]{8})$/.exec(hash);
  return match ? { at: Number(match[1]) / 1000, id: match[2]! } : null;
}

/** A line as text of a downloaded log. */
export const plainLine = (line: LogLine): string =>
  `${new Date(line.at).toISOString()} ${wordOfLevel(line.level).padEnd(8)} ${line.logger} ${line.message}`;
