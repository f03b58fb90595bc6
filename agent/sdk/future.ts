/**
 * What a call of a task or a subflow gives back: a promise that knows which run will settle it.
 *
 * - Handed to another task, alone or inside arrays and plain objects, it is awaited before that task begins, and recorded as
 *   where the argument came from.
 * - A rejection that nobody looked at ends the flow as failed, not the process; so each future handles its own, and
 *   remembers whether somebody asked for its outcome.
 */
import type { TaskRunRef } from "./task-run-ref.ts";

export class Future<T> extends Promise<T> {
  readonly taskRun: TaskRunRef;
  #observed = false;

  /** Promises derived of a future (`then`, `Promise.all`) are ordinary ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(taskRun: TaskRunRef, outcome: Promise<T>) {
    super((resolve, reject) => {
      outcome.then(resolve, reject);
    });
    this.taskRun = taskRun;
    super.then(undefined, () => {});
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise is what it is.
  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return super.then(onValue, onError);
  }

  /** Whether somebody asked for the outcome. */
  get observed(): boolean {
    return this.#observed;
  }

  /** How it ended, without counting as somebody who asked. */
  settled(): Promise<PromiseSettledResult<T>> {
    return super.then(
      (value): PromiseSettledResult<T> => ({ status: "fulfilled", value }),
      (reason): PromiseSettledResult<T> => ({ status: "rejected", reason }),
    );
  }
}

/**
 * A value, or a future of it, or a collection with futures inside: what a parameter of type `T` takes.
 * Only arrays and plain objects are looked into.
 */
export type Waiting<T> =
  | T
  | Future<T>
  | (T extends readonly (infer Item)[] ? readonly Waiting<Item>[] : never)
  | (T extends Plain ? { readonly [Key in keyof T]: Waiting<T[Key]> } : never);

type Plain = { readonly [key: string]: unknown };

/** How deep collections are searched for futures. */
const DEPTH = 5;

/** All futures in `value`. */
export function futuresIn(
  value: unknown,
  found: Set<Future<unknown>> = new Set(),
  depth = DEPTH,
): Set<Future<unknown>> {
  if (value instanceof Future) found.add(value);
  else if (depth > 0 && isCollection(value)) {
    for (const item of Array.isArray(value) ? value : Object.values(value)) futuresIn(item, found, depth - 1);
  }
  return found;
}

/** `value` with the results of `results` in the places of their futures; what holds none is left as it is. */
export function withResults(value: unknown, results: ReadonlyMap<Future<unknown>, unknown>, depth = DEPTH): unknown {
  if (value instanceof Future) return results.has(value) ? results.get(value) : value;
  if (depth === 0 || !isCollection(value)) return value;
  if (futuresIn(value, new Set(), depth).size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => withResults(item, results, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withResults(item, results, depth - 1)] as const),
  );
}

/** Whether `value` is an array or a plain object: a collection that may hold futures. */
export function isCollection(value: unknown): value is readonly unknown[] | { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
