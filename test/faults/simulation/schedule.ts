/**
 * The steps of one seed. Each carries its own dice, so that leaving some out does not change what the others do: that is how a
 * failing list is made shorter.
 */
import { Random } from "../platform/random.ts";
import type { Mix, StepKind } from "./mix.ts";

export interface Step {
  /** Place in the full list; names the step when some are left out. */
  index: number;
  kind: StepKind;
  /** Milliseconds before it. */
  wait: number;
  /** Decides whatever the step has to decide. */
  seed: number;
}

/** Steps of a seed under its mix. */
export function scheduleOf(seed: number, mix: Mix, count: number): Step[] {
  const dice = new Random(seed, "schedule");
  const kinds = Object.entries(mix.weights) as [StepKind, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const choose = (): StepKind => {
    let at = dice.between(0, total);
    for (const [kind, weight] of kinds) {
      at -= weight;
      if (at < 0) return kind;
    }
    return "nothing";
  };
  return Array.from({ length: count }, (_, index) => ({
    index,
    kind: choose(),
    wait: dice.around(mix.pace),
    seed: dice.below(2 ** 31),
  }));
}
