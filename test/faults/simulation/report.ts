/** What is printed of a failing seed: all that it takes to see it again. */
import { execFileSync } from "node:child_process";
import type { Outcome } from "./run.ts";

/** The commit that was simulated; a tree with changes of its own says so. */
export function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", cwd: import.meta.dirname }).trim();
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain") === "" ? "" : " with changes");
  } catch {
    return "unknown";
  }
}

/** `keep`: the steps of the shortened list. `plant`: the bug that was planted. */
export function failureReport(
  { seed, violation }: Outcome,
  { steps, keep, shortest, plant }: { steps: number; keep: number[]; shortest: Outcome; plant: string | null },
): string {
  const planted = plant === null ? "" : ` --plant ${plant}`;
  const again = `node test/faults/nightly.ts --seed ${seed} --steps ${steps}${planted}`;
  return [
    `seed ${seed}: ${violation?.message}`,
    `  commit  ${commit()}`,
    `  again   ${again}`,
    `  shorter ${again} --keep ${keep.join(",")}`,
    ...shortest.trace.map((line) => `    ${line}`),
    `    ${shortest.violation?.message}`,
  ].join("\n");
}
