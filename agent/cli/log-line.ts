/** A log line as text: its time in this zone, level, and message; the time in full where a program reads it. */
import type { Colours } from "./output.ts";

export interface ShownLine {
  timestamp: string;
  level: number;
  name: string;
  message: string;
}

const LEVEL_NAMES: readonly [number, string][] = [
  [50, "CRIT"],
  [40, "ERROR"],
  [30, "WARN"],
  [20, "INFO"],
  [0, "DEBUG"],
];

export const levelName = (level: number): string => LEVEL_NAMES.find(([least]) => level >= least)?.[1] ?? "DEBUG";

export function logLineText(line: ShownLine, colours: Colours): string {
  const time = new Date(line.timestamp);
  const clock = `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  const name = levelName(line.level).padEnd(5);
  const level = line.level >= 40 ? colours.red(name) : line.level >= 30 ? colours.yellow(name) : name;
  return `${colours.dim(clock)} ${level} ${line.message}`;
}
