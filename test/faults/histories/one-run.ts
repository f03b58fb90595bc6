/** One run as its clients see it: states that follow one another by the rules, and reads of the last one. */
import type { StateType } from "@millrace/domain/state.ts";
import { outcome } from "../../gates/architecture.ts";
import type { Model } from "./checker.ts";

export interface Shown {
  id: string;
  type: StateType;
  name: string;
}

/** `shown`: the state in the answer; null where there was none. */
export type Does =
  | { kind: "read"; shown: Shown }
  | { kind: "propose"; to: StateType; force: boolean; status: string; shown: Shown | null };

const allowed = new Map<string, string>();

/** What becomes of a proposal, by the rules alone. */
function verdictOn(from: StateType, to: StateType): string {
  const key = `${from} ${to}`;
  const verdict = allowed.get(key) ?? outcome(from, to);
  allowed.set(key, verdict);
  return verdict;
}

/** A run that begins in the state that its creation was answered with. */
export const oneRun = (initial: Shown): Model<Does, Shown> => ({
  initial,
  nameOf: ({ id }) => id,
  step(state, does) {
    if (does.kind === "read") return isSame(does.shown, state) ? state : null;
    const { to, force, status, shown } = does;
    if (status === "ACCEPT")
      return shown && shown.type === to && shown.id !== state.id && (force || verdictOn(state.type, to) === "yes")
        ? shown
        : null;
    if (force) return null;
    const verdict = verdictOn(state.type, to);
    // Another state was put in the place of the proposed one, or the run stays as it is.
    if (verdict === shown?.name && shown.id !== state.id) return shown;
    return verdict === "–" && (shown === null || isSame(shown, state)) ? state : null;
  },
});

const isSame = (a: Shown, b: Shown): boolean => a.id === b.id && a.type === b.type && a.name === b.name;
