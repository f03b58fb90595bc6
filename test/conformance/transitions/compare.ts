/** Compares what two servers led to in one sequence, up to the first difference. */
import { type Accepted, accepted } from "./differences.ts";
import type { Observation } from "./drive.ts";
import type { Sequence } from "./sequence.ts";

export interface Difference {
  /** The accepted difference that explains it; null where none does. */
  reason: Accepted | null;
  /** What differs, after which steps. */
  told: string;
}

/** The first difference; null where there is none. */
export function compareSequence(
  sequence: Sequence,
  theirs: readonly Observation[],
  ours: readonly Observation[],
): Difference | null {
  const at = theirs.findIndex((one, index) => text(one) !== text(ours[index]));
  if (at === -1) return null;
  const reason = accepted.find((one) => one.explains({ sequence, at, theirs, ours })) ?? null;
  return { reason, told: tell(sequence, at, theirs, ours) };
}

/** Fields in the order of their names: servers name them in different orders. */
const text = (observation: Observation | undefined): string =>
  JSON.stringify(observation, (_key, value: unknown) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

function tell(sequence: Sequence, at: number, theirs: readonly Observation[], ours: readonly Observation[]): string {
  const { seed, kind, runs, task, steps, collision } = sequence;
  const made = runs.length + (task ? 1 : 0);
  const lines = [`seed ${seed}, ${kind}${collision ? ` ${collision}` : ""}: ${JSON.stringify({ runs, task })}`];
  for (let index = 0; index <= at; index += 1) {
    const step = steps[index - made];
    if (index < at) lines.push(`  ${step ? JSON.stringify(step) : "made"} → ${theirs[index]?.answer}`);
    else
      lines.push(
        `  ${JSON.stringify(step ?? "made")}`,
        `    theirs ${text(theirs[index])}`,
        `    ours   ${text(ours[index])}`,
      );
  }
  return lines.join("\n");
}
