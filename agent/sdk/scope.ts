/** The context with what only the SDK needs, carried through awaits by AsyncLocalStorage. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "./context.ts";
import type { FlowRunScope } from "./flow-run-scope.ts";

export interface Scope extends Context {
  readonly flowRun: FlowRunScope;
  readonly logPrints: boolean;
}

const storage = new AsyncLocalStorage<Scope>();

/** The scope of the running code, or undefined outside of every run. */
export const currentScope = (): Scope | undefined => storage.getStore();

export const inScope = <T>(scope: Scope, work: () => T): T => storage.run(scope, work);
