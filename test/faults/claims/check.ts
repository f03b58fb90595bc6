/**
 * Looks at every position that can be reached in so many steps, once. Two positions are the same where the same things may happen in
 * them: times and ids of states do not count, nor does which of the agents that never had a claim is which.
 */
import type { Classes } from "./edited-ledger.ts";
import { type Action, AGENTS, type LossPolicy, Model, nameOf, type Position } from "./model.ts";

export interface Checked {
  /** Positions that differ, and steps that were taken from them. */
  positions: number;
  steps: number;
  /** The first violation, with the steps that lead to it; null where there is none. */
  violation: { what: string; path: string[] } | null;
}

interface Reached {
  position: Position;
  by: Action | null;
  from: Reached | null;
}

export function checkClaims(classes: Classes, policy: LossPolicy, depth: number): Checked {
  const model = new Model(classes);
  const start: Reached = { position: model.begin(policy), by: null, from: null };
  const seen = new Set([fingerprint(model, start.position)]);
  let steps = 0;
  let frontier = [start];
  for (let level = 0; level < depth; level++) {
    const next: Reached[] = [];
    for (const reached of frontier) {
      for (const action of model.actions(reached.position)) {
        steps += 1;
        const { position, violation } = model.take(reached.position, action);
        const to: Reached = { position, by: action, from: reached };
        if (violation) return { positions: seen.size, steps, violation: { what: violation, path: pathOf(to) } };
        const print = fingerprint(model, position);
        if (seen.has(print)) continue;
        seen.add(print);
        next.push(to);
      }
    }
    frontier = next;
  }
  return { positions: seen.size, steps, violation: null };
}

function pathOf(reached: Reached): string[] {
  const path: string[] = [];
  for (let at: Reached | null = reached; at?.by; at = at.from) path.unshift(nameOf(at.by));
  return path;
}

/** What decides on all that may follow. */
function fingerprint(model: Model, position: Position): string {
  const { run, states, generation, claim, alarms, ...rest } = model.headOf(position);
  const names = new Map<string, string>();
  const known = [...position.granted.values()];
  for (const agent of [...known, ...AGENTS]) if (!names.has(agent)) names.set(agent, `agent ${names.size}`);
  const text = JSON.stringify([
    [...position.granted].map(([number, agent]) => [number, names.get(agent)]),
    position.worker,
    generation,
    claim && names.get(claim.agent),
    Object.keys(alarms).sort(),
    states.map(({ type, name }) => `${type} ${name}`),
    run.state && [run.state.name, run.state.details],
    [run.runCount, run.infrastructurePid !== null, run.startTime !== null, run.endTime !== null, run.policy],
    { ...rest, version: 0, told: 0 },
  ]);
  return text.replaceAll(/id-\d+-\d+/g, "id").replaceAll(/\b\d{16}\b/g, "time");
}
