/**
 * The flows that were declared in this process, for whoever loaded their file: the runner's child and `millrace deploy`.
 *
 * A bundle holds its own copy of this SDK, so that a deployment keeps the version it was made with. Each copy therefore
 * enters itself in one list of the process, and is spoken to through that entry alone; `protocol` says how.
 */

import type { AdHocOptions } from "./ad-hoc-run.ts";
import { SettingsError } from "./errors.ts";
import type { FlowDefinition } from "./flow.ts";
import { type HostOrder, hostRun } from "./hosted-run.ts";
import { VERSION } from "./version.ts";

export interface SdkCopy {
  readonly protocol: 1;
  readonly version: string;
  readonly flows: ReadonlyMap<string, FlowDefinition>;
  /** Runs the flow that the order names, to its end; resolves to the process's exit code. */
  host(order: HostOrder): Promise<number>;
  /** Runs a flow by hand in this process; throws in code that was bundled for agents. */
  runByHand(definition: FlowDefinition, input: unknown, options: AdHocOptions): Promise<unknown>;
}

/**
 * Set by the bundler in the code that agents run: what only a person at a terminal needs (starting runs by hand, deploying) is
 * left out of it. Read as `globalThis.MILLRACE_HOSTED`, so that the bundler sees the dead branch.
 */
export interface HostedSwitch {
  MILLRACE_HOSTED?: true;
}

const COPIES = Symbol.for("millrace.sdk.copies");
const LOADING = Symbol.for("millrace.sdk.loading");
const place = globalThis as { [COPIES]?: SdkCopy[]; [LOADING]?: boolean };

const flows = new Map<string, FlowDefinition>();

/** All copies of the SDK in this process, in the order in which they were loaded. */
export function sdkCopies(): SdkCopy[] {
  place[COPIES] ??= [];
  return place[COPIES];
}

sdkCopies().push({
  protocol: 1,
  version: VERSION,
  flows,
  host: (order) => hostRun(order, flows),
  runByHand: async (definition, input, options) => {
    if (!(globalThis as HostedSwitch).MILLRACE_HOSTED) {
      const { runAdHoc } = await import("./ad-hoc-run.ts");
      return runAdHoc(definition, input, options);
    }
    throw new Error("This code was bundled for agents.");
  },
});

export function registerFlow(definition: FlowDefinition): void {
  flows.set(definition.name, definition);
}

/** Loads a file for its flows: what it does beside declaring them, it must not do now. */
export async function loadingFlows<T>(load: () => Promise<T>): Promise<T> {
  place[LOADING] = true;
  try {
    return await load();
  } finally {
    place[LOADING] = false;
  }
}

export const isLoading = (): boolean => place[LOADING] === true;

/** Throws when the file is only being loaded for its flows: running or deploying them now would never end. */
export function assertNotLoading(what: string): void {
  if (!isLoading()) return;
  throw new SettingsError(
    `${what} while its file was being loaded for another run. Put the call behind \`if (import.meta.main)\`, or into a file of its own.`,
  );
}
