/** `task(name, options, fn)`: a step of a flow, with retries, a time limit, and a line of its own on the run's timeline. */

import { type Duration, milliseconds } from "./duration.ts";
import type { Future, Waiting } from "./future.ts";
import { capturePrints } from "./print-capture.ts";
import { type RetryOptions, type RetryPlan, retryPlan } from "./retry.ts";
import { currentScope } from "./scope.ts";
import { runTask } from "./task-run.ts";

export interface TaskOptions<Args extends readonly unknown[] = readonly unknown[]> extends RetryOptions {
  /** Ends an attempt that takes longer: its signal is aborted, and the attempt counts as failed. */
  timeout?: Duration;
  tags?: readonly string[];
  /** The task run's name; `name-0`, `name-1`, … where absent. */
  runName?: string | ((...args: Args) => string);
  /** What the task writes with `console` becomes its log. Absent: as its flow has it. */
  logPrints?: boolean;
  /** Keeps the result with the run: an attempt that begins again does not run it again. Absent: as its flow has it. */
  checkpoint?: boolean;
}

export interface CallOptions {
  /** Further futures to wait for, whose results are not needed. */
  waitFor?: readonly (Future<unknown> | readonly Future<unknown>[])[];
}

/** A task with its options checked and worked out. */
export interface TaskDefinition<Args extends readonly unknown[], Result> {
  readonly name: string;
  readonly fn: (...args: Args) => Result | PromiseLike<Result>;
  readonly plan: RetryPlan;
  readonly limitMs: number | null;
  readonly tags: readonly string[];
  readonly runName: string | ((...args: Args) => string) | null;
  readonly logPrints: boolean | null;
  readonly checkpoint: boolean | null;
  readonly waitFor: readonly Future<unknown>[];
}

type WaitingArgs<Args extends readonly unknown[]> = { readonly [Index in keyof Args]: Waiting<Args[Index]> };
type MappedArgs<Args extends readonly unknown[]> = {
  readonly [Index in keyof Args]: readonly Waiting<Args[Index]>[] | Unmapped<Waiting<Args[Index]>>;
};

export interface Task<Args extends readonly unknown[], Result> {
  /** Runs the task. Futures among the arguments are awaited first. */
  (...args: WaitingArgs<Args>): Future<Result>;
  /** The same as a call; reads better where the result is not awaited at once. */
  submit(...args: WaitingArgs<Args>): Future<Result>;
  /** A task run for each item of the arrays, which are of one length; `unmapped(value)` is the same for all. */
  map(...args: MappedArgs<Args>): Future<Result>[];
  /** The same task with other options. */
  with(options: TaskOptions<Args> & CallOptions): Task<Args, Result>;
  /** The bare function, for unit tests. */
  readonly fn: (...args: Args) => Result | PromiseLike<Result>;
  readonly name: string;
}

/** Marks an argument of `.map` that every task run gets whole. */
export interface Unmapped<T> {
  readonly [UNMAPPED]: T;
}
const UNMAPPED = Symbol("millrace.unmapped");

/** The same value for every task run of a `.map`. */
export const unmapped = <T>(value: T): Unmapped<T> => ({ [UNMAPPED]: value });

type AnyArgs = readonly unknown[];

/** Declares a task. Its name is said, not taken from the function: bundlers rename functions. */
export function task<Args extends AnyArgs, Result>(
  name: string,
  fn: (...args: Args) => Result | PromiseLike<Result>,
): Task<Args, Awaited<Result>>;
export function task<Args extends AnyArgs, Result>(
  name: string,
  options: TaskOptions<NoInfer<Args>>,
  fn: (...args: Args) => Result | PromiseLike<Result>,
): Task<Args, Awaited<Result>>;
export function task<Args extends AnyArgs, Result>(
  name: string,
  ...rest: [fn: TaskFunction<Args, Result>] | [options: TaskOptions<Args>, fn: TaskFunction<Args, Result>]
): Task<Args, Awaited<Result>> {
  const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof name !== "string" || name === "") throw new TypeError("task(name, …): the name must be a text.");
  if (typeof fn !== "function") throw new TypeError(`Task "${name}": its last argument must be a function.`);
  return create(name, fn as TaskFunction<Args, Awaited<Result>>, options, {});
}

type TaskFunction<Args extends AnyArgs, Result> = (...args: Args) => Result | PromiseLike<Result>;

function create<Args extends AnyArgs, Result>(
  name: string,
  fn: TaskFunction<Args, Result>,
  options: TaskOptions<Args>,
  call: CallOptions,
): Task<Args, Result> {
  const what = `Task "${name}"`;
  const definition: TaskDefinition<Args, Result> = {
    name,
    fn,
    plan: retryPlan(options, what),
    limitMs: options.timeout === undefined ? null : milliseconds(options.timeout, `${what}: timeout`),
    tags: [...(options.tags ?? [])],
    runName: options.runName ?? null,
    logPrints: options.logPrints ?? null,
    checkpoint: options.checkpoint ?? null,
    waitFor: (call.waitFor ?? []).flat(),
  };
  if (options.logPrints) capturePrints();
  const start = (...args: WaitingArgs<Args>): Future<Result> => {
    const scope = currentScope();
    if (!scope) {
      throw new Error(`${what} was called outside of a flow. Call it in a flow, or its bare function as \`.fn(…)\`.`);
    }
    return runTask(definition, args, scope);
  };
  const map = (...args: MappedArgs<Args>): Future<Result>[] =>
    Array.from({ length: lengthOf(args, what) }, (_, index) =>
      start(...(args.map((argument) => pick(argument, index)) as unknown as WaitingArgs<Args>)),
    );
  const more = (changes: TaskOptions<Args> & CallOptions): Task<Args, Result> =>
    create(name, fn, { ...options, ...changes }, { ...call, ...changes });
  return Object.defineProperty(Object.assign(start, { submit: start, map, with: more, fn }), "name", { value: name });
}

function lengthOf(args: readonly unknown[], what: string): number {
  const lengths = args.flatMap((argument) => (Array.isArray(argument) ? [argument.length] : []));
  const [first] = lengths;
  if (first === undefined) throw new TypeError(`${what}.map: one argument at least must be an array.`);
  if (lengths.some((length) => length !== first)) {
    throw new TypeError(
      `${what}.map: its arrays have different lengths (${lengths.join(", ")}). Wrap what is meant for all in unmapped(…).`,
    );
  }
  const other = args.find((argument) => !Array.isArray(argument) && !isUnmapped(argument));
  if (other !== undefined) {
    throw new TypeError(
      `${what}.map: each argument is an array, or unmapped(value) where all runs get the same value.`,
    );
  }
  return first;
}

const isUnmapped = (value: unknown): value is Unmapped<unknown> =>
  typeof value === "object" && value !== null && UNMAPPED in value;

const pick = (argument: unknown, index: number): unknown =>
  Array.isArray(argument) ? argument[index] : isUnmapped(argument) ? argument[UNMAPPED] : argument;
