/** Lengths of time as people write them: `"250ms"`, `"1.5s"`, `"1h30m"`, or a number of seconds. */

type Unit = "ms" | "s" | "m" | "h" | "d";

/** A number counts seconds, as everywhere on the wire; text says its unit. */
export type Duration = number | `${number}${Unit}` | `${number}${Unit}${number}${Unit}`;

const MILLISECONDS: Record<Unit, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/** Longest time that is taken: what a timer of Node can wait for, 24.8 days. */
export const LONGEST_MS = 2_147_483_647;

/** `value` in milliseconds; throws with `what` in the sentence where it is no length of time. */
export function milliseconds(value: Duration, what: string): number {
  const result = typeof value === "number" ? value * 1000 : parse(value);
  if (!Number.isFinite(result) || result < 0 || result > LONGEST_MS) {
    throw new TypeError(
      `${what}: ${JSON.stringify(value)} is no length of time. Write "250ms", "30s", "5m", "1h30m", or a number of seconds, at most 24 days.`,
    );
  }
  return result;
}

function parse(text: string): number {
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (!match) return Number.NaN;
    total += Number(match[1]) * MILLISECONDS[match[2] as Unit];
  }
  return text === "" ? Number.NaN : total;
}

/** Milliseconds as people read them: `1.5s`, `2m 05s`, `1h 04m`. */
export function readable(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, "")}s`;
  const seconds = Math.round(ms / 1000);
  const pad = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  return `${Math.floor(minutes / 1440)}d ${pad(Math.floor((minutes % 1440) / 60))}h`;
}
