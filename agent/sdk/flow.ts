/** `flow(name, options, fn)`: what runs, with typed input, retries and a time limit. Called in another flow it is a subflow. */

import type { Deployed, DeployOptions } from "./deploy/options.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { Future, type Waiting } from "./future.ts";
import { capturePrints } from "./print-capture.ts";
import { assertNotLoading, type HostedSwitch, registerFlow } from "./registry.ts";
import { type RetryOptions, type RetryPlan, retryPlan } from "./retry.ts";
import { currentScope } from "./scope.ts";
import type { InputOf, OutputOf, StandardSchema } from "./standard-schema.ts";
import { runSubflow } from "./subflow.ts";

export interface FlowOptions<Params> extends Pick<RetryOptions, "retries"> {
  /** Before each retry. The server keeps time: one delay for all retries, in whole seconds. */
  retryDelay?: Duration;
  /** Ends an attempt that takes longer: its signal is aborted, and the attempt counts as failed. */
  timeout?: Duration;
  /** The run's name, where its caller gave none. */
  runName?: string | ((params: Params) => string);
  tags?: readonly string[];
  /** Tasks that run at once; absent: all that are called. */
  concurrentTasks?: number;
  /** What the flow and its tasks write with `console` becomes their log. */
  logPrints?: boolean;
  /** Keeps the results of its tasks with the run: an attempt that begins again goes on where the one before it stopped. */
  checkpoints?: boolean;
  description?: string;
  version?: string;
}

/** A flow with its options checked and worked out. */
export interface FlowDefinition {
  readonly name: string;
  readonly fn: (params: never) => unknown;
  readonly input: StandardSchema | undefined;
  readonly plan: RetryPlan;
  readonly limitMs: number | null;
  readonly runName: string | ((params: never) => string) | null;
  readonly tags: readonly string[];
  readonly concurrentTasks: number;
  readonly logPrints: boolean;
  readonly checkpoints: boolean;
  readonly description: string | null;
  readonly version: string | null;
}

type WaitingParams<Input> = { readonly [Key in keyof Input]: Waiting<Input[Key]> };
/** No argument where there is no input; an optional one where all of it is optional. */
type FlowArgs<Input> = [Input] extends [undefined]
  ? []
  : Record<string, never> extends Input
    ? [params?: WaitingParams<Input>]
    : [params: WaitingParams<Input>];

export interface Flow<Input, Params, Result> {
  /** Runs the flow: as a subflow inside another one, else as a run of its own in this process. */
  (...args: FlowArgs<Input>): Future<Result>;
  /** Stores this flow's code and makes, or brings up to date, a deployment of it. */
  deploy(options: DeployOptions<Input>): Promise<Deployed | undefined>;
  /** The bare function, for unit tests. */
  readonly fn: (params: Params) => Result | PromiseLike<Result>;
  readonly name: string;
  readonly definition: FlowDefinition;
}

/** Declares a flow. Its name is said, not taken from the function: bundlers rename functions. */
export function flow<Result>(
  name: string,
  fn: () => Result | PromiseLike<Result>,
): Flow<undefined, undefined, Awaited<Result>>;
export function flow<Params extends object, Result>(
  name: string,
  fn: (params: Params) => Result | PromiseLike<Result>,
): Flow<Params, Params, Awaited<Result>>;
export function flow<Schema extends StandardSchema, Result>(
  name: string,
  options: FlowOptions<NoInfer<OutputOf<Schema>>> & { input: Schema },
  fn: (params: OutputOf<Schema>) => Result | PromiseLike<Result>,
): Flow<InputOf<Schema>, OutputOf<Schema>, Awaited<Result>>;
export function flow<Result>(
  name: string,
  options: FlowOptions<undefined> & { input?: undefined },
  fn: () => Result | PromiseLike<Result>,
): Flow<undefined, undefined, Awaited<Result>>;
export function flow<Params extends object, Result>(
  name: string,
  options: FlowOptions<NoInfer<Params>> & { input?: undefined },
  fn: (params: Params) => Result | PromiseLike<Result>,
): Flow<Params, Params, Awaited<Result>>;
export function flow(
  name: string,
  ...rest: [fn: FlowFunction] | [options: FlowOptions<never> & { input?: StandardSchema | undefined }, fn: FlowFunction]
): Flow<unknown, unknown, unknown> {
  const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof name !== "string" || name === "") throw new TypeError("flow(name, …): the name must be a text.");
  if (/[/%&<>]/.test(name)) throw new TypeError(`Flow "${name}": its name must not contain / % & < or >.`);
  if (typeof fn !== "function") throw new TypeError(`Flow "${name}": its last argument must be a function.`);
  const definition = define(name, options, fn);
  if (definition.logPrints) capturePrints();
  const start = (...args: readonly unknown[]): Future<unknown> => {
    const scope = currentScope();
    if (scope) return runSubflow(definition, args[0], scope);
    assertNotLoading(`Flow "${name}" was called`);
    return new Future({ id: "", name }, startedByHand(definition, args[0]));
  };
  const deploy = async (how: DeployOptions<unknown>): Promise<Deployed | undefined> => {
    if (!(globalThis as HostedSwitch).MILLRACE_HOSTED) {
      const { deployFromCode } = await import("./deploy/from-code.ts");
      return deployFromCode(definition, how);
    }
  };
  const made = Object.defineProperty(Object.assign(start, { deploy, fn, definition }), "name", { value: name });
  registerFlow(definition);
  return made as unknown as Flow<unknown, unknown, unknown>;
}

type FlowFunction = (params: never) => unknown;

async function startedByHand(definition: FlowDefinition, input: unknown): Promise<unknown> {
  if (!(globalThis as HostedSwitch).MILLRACE_HOSTED) {
    const { runAdHoc } = await import("./ad-hoc-run.ts");
    return runAdHoc(definition, input);
  }
  throw new Error(`Flow "${definition.name}" was called outside of its run.`);
}

function define(
  name: string,
  options: FlowOptions<never> & { input?: StandardSchema | undefined },
  fn: FlowFunction,
): FlowDefinition {
  const what = `Flow "${name}"`;
  const { concurrentTasks = Number.POSITIVE_INFINITY } = options;
  if (!(concurrentTasks >= 1))
    throw new TypeError(`${what}: concurrentTasks must be 1 or more, not ${concurrentTasks}.`);
  return {
    name,
    fn,
    input: options.input,
    plan: retryPlan({ retries: options.retries, retryDelay: options.retryDelay }, what),
    limitMs: options.timeout === undefined ? null : milliseconds(options.timeout, `${what}: timeout`),
    runName: options.runName ?? null,
    tags: [...(options.tags ?? [])],
    concurrentTasks,
    logPrints: options.logPrints ?? false,
    checkpoints: options.checkpoints ?? false,
    description: options.description ?? null,
    version: options.version ?? null,
  };
}
