/**
 * Whether a history of operations can be put into one order that every answer fits and that keeps to time: what ended before another
 * began comes before it. The search is that of Wing and Gong, which remembers, as Lowe has it, where it has been.
 */

/** One operation of one client. `called` and `answered` count, across all clients, calls and answers as they were seen. */
export interface Operation<Does> {
  client: number;
  called: number;
  answered: number;
  does: Does;
}

/** What the thing is in which operations are done one after another. */
export interface Model<Does, State> {
  initial: State;
  /** The state after `does`; null where its answer does not fit the state before. */
  step(state: State, does: Does): State | null;
  /** Two states are one where this is the same. */
  nameOf(state: State): string;
}

/** An order that explains the history; null where there is none. */
export function linearize<Does, State>(
  history: readonly Operation<Does>[],
  model: Model<Does, State>,
): Operation<Does>[] | null {
  const waiting = [...history].sort((a, b) => a.called - b.called);
  const order: Operation<Does>[] = [];
  const been = new Set<string>();
  const done = new Set<Operation<Does>>();
  const search = (state: State): boolean => {
    if (order.length === waiting.length) return true;
    const here = `${waiting.map((one) => (done.has(one) ? "1" : "0")).join("")} ${model.nameOf(state)}`;
    if (been.has(here)) return false;
    been.add(here);
    const left = waiting.filter((one) => !done.has(one));
    const firstAnswer = Math.min(...left.map(({ answered }) => answered));
    for (const one of left) {
      if (one.called > firstAnswer) break;
      const next = model.step(state, one.does);
      if (next === null) continue;
      done.add(one);
      order.push(one);
      if (search(next)) return true;
      order.pop();
      done.delete(one);
    }
    return false;
  };
  return search(model.initial) ? order : null;
}
