/** A line of the report. */
import type { Sample } from "./measure.ts";

export interface Row {
  /** What was measured. */
  name: string;
  /** Whose it is: floor, millrace, or the other server's name. */
  who: string;
  /** Where the state lies: disk or memory. */
  where: string;
  /** The unit that `perSecond` and `cpu` are of. */
  unit: string;
  perSecond: number | null;
  p50: number | null;
  p99: number | null;
  /** CPU milliseconds of the server for one unit. */
  cpu: number | null;
  /** Figures of other kinds, and ratios to floors. */
  note: string;
  /** The figures of the note that aims are held against, by name. */
  facts: Readonly<Record<string, number>>;
}

/** A row before it is known what it is about: how it came out, or why it did not. */
export type Attempt = (name: string, work: () => Promise<Row>) => Promise<void>;

export function rowOf(
  name: string,
  who: string,
  where: string,
  unit: string,
  sample: Sample,
  note = "",
  facts: Row["facts"] = {},
): Row {
  const { perSecond, p50, p99, cpu, busy = 0 } = sample;
  const told = busy === 0 ? note : [note, `${busy} answers of 503`].filter(Boolean).join("; ");
  return { name, who, where, unit, perSecond, p50, p99, cpu, note: told, facts };
}

/** A line that is no rate: what stands in its note. */
export const factRow = (name: string, where: string, note: string, facts: Row["facts"] = {}): Row => ({
  name,
  who: "millrace",
  where,
  unit: "",
  perSecond: null,
  p50: null,
  p99: null,
  cpu: null,
  note,
  facts,
});
