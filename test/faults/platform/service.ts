/**
 * The service's own code, as many times as a simulation needs it: what is deployed as one Worker is bundled once, and evaluated for
 * each machine of a simulation, so that what modules keep in memory ends with their machine. The next simulation has the same
 * machines, which forget: code that is evaluated anew has to become fast anew.
 *
 * Stand-ins take the place of what only the platform has, or what would leave the simulation's clock and dice:
 *
 * - `cloudflare:workers` exists in workerd alone;
 * - the store in SQLite is replaced by one in memory that is proven equal;
 * - `jose` works in threads of its own, whose end no clock of ours decides;
 * - `uuidv7` throws the real dice, and a seed would not repeat;
 * - whose a credential is, the API is told instead of looking it up.
 *
 * Domain and contract keep nothing in memory, and are the same for all.
 */
import { join } from "node:path";
import { Script } from "node:vm";
import { build } from "esbuild";
import type { BackgroundTasks } from "../../../durable-objects/background-tasks/background-tasks.ts";
import type { TaskWorkers } from "../../../durable-objects/background-tasks/workers.ts";
import type { ConcurrencyLimit } from "../../../durable-objects/concurrency-limit/concurrency-limit.ts";
import type { LimitLedger } from "../../../durable-objects/concurrency-limit/ledger.ts";
import type { Deployment } from "../../../durable-objects/deployment/deployment.ts";
import type { EventHub } from "../../../durable-objects/event-hub/event-hub.ts";
import type { Claims } from "../../../durable-objects/flow-run/claims.ts";
import type { FlowRun } from "../../../durable-objects/flow-run/flow-run.ts";
import type { Ledger } from "../../../durable-objects/flow-run/ledger.ts";
import type { Lifecycle } from "../../../durable-objects/flow-run/lifecycle.ts";
import type { Outbox } from "../../../durable-objects/flow-run/outbox.ts";
import type { acquireSlots, releaseSlots, renewSlots } from "../../../durable-objects/slots.ts";
import type { Assignments } from "../../../durable-objects/work-pool/assignments.ts";
import type { PoolLedger } from "../../../durable-objects/work-pool/ledger.ts";
import type { Takings } from "../../../durable-objects/work-pool/takings.ts";
import type { WorkPool } from "../../../durable-objects/work-pool/work-pool.ts";
import type { makeApi } from "../../../workers/api/app.ts";
import type { beginRun } from "../../../workers/api/flow-runs.ts";
import type { keepDeadLetters } from "../../../workers/consumers/dead-letters.ts";
import type { dispatch } from "../../../workers/consumers/dispatch.ts";
import type { sweepLiveRuns } from "../../../workers/sweeps/live-runs.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** What is of interest of the service; below the objects' classes the ones in which bugs are planted. */
const ENTRY = `
export { BackgroundTasks } from "./durable-objects/background-tasks/background-tasks.ts";
export { ConcurrencyLimit } from "./durable-objects/concurrency-limit/concurrency-limit.ts";
export { Deployment } from "./durable-objects/deployment/deployment.ts";
export { EventHub } from "./durable-objects/event-hub/event-hub.ts";
export { FlowRun } from "./durable-objects/flow-run/flow-run.ts";
export { WorkPool } from "./durable-objects/work-pool/work-pool.ts";
export { keepDeadLetters } from "./workers/consumers/dead-letters.ts";
export { dispatch } from "./workers/consumers/dispatch.ts";
export { sweepLiveRuns } from "./workers/sweeps/live-runs.ts";
export { beginRun } from "./workers/api/flow-runs.ts";
export { acquireSlots, releaseSlots, renewSlots } from "./durable-objects/slots.ts";
export { LimitLedger } from "./durable-objects/concurrency-limit/ledger.ts";
export { TaskWorkers } from "./durable-objects/background-tasks/workers.ts";
export { Claims } from "./durable-objects/flow-run/claims.ts";
export { Ledger } from "./durable-objects/flow-run/ledger.ts";
export { Lifecycle } from "./durable-objects/flow-run/lifecycle.ts";
export { Outbox } from "./durable-objects/flow-run/outbox.ts";
export { Assignments } from "./durable-objects/work-pool/assignments.ts";
export { PoolLedger } from "./durable-objects/work-pool/ledger.ts";
export { Takings } from "./durable-objects/work-pool/takings.ts";
`;

/** The same with the whole API, which takes a while to load. */
const WITH_API = `${ENTRY}export { makeApi } from "./workers/api/app.ts";`;

export interface Service {
  /** Where the service has its API. */
  makeApi?: typeof makeApi;
  BackgroundTasks: typeof BackgroundTasks;
  ConcurrencyLimit: typeof ConcurrencyLimit;
  Deployment: typeof Deployment;
  EventHub: typeof EventHub;
  FlowRun: typeof FlowRun;
  WorkPool: typeof WorkPool;
  dispatch: typeof dispatch;
  keepDeadLetters: typeof keepDeadLetters;
  sweepLiveRuns: typeof sweepLiveRuns;
  beginRun: typeof beginRun;
  acquireSlots: typeof acquireSlots;
  releaseSlots: typeof releaseSlots;
  renewSlots: typeof renewSlots;
  LimitLedger: typeof LimitLedger;
  TaskWorkers: typeof TaskWorkers;
  Claims: typeof Claims;
  Ledger: typeof Ledger;
  Lifecycle: typeof Lifecycle;
  Outbox: typeof Outbox;
  Assignments: typeof Assignments;
  PoolLedger: typeof PoolLedger;
  Takings: typeof Takings;
}

/** Stand-ins by the name under which they are imported, or by the file whose place they take. */
const STAND_INS: Readonly<Record<string, string>> = {
  "cloudflare:workers": "./cloudflare-workers.ts",
  jose: "./jose.ts",
  uuidv7: "./uuidv7.ts",
  [join(ROOT, "durable-objects/kit/store.ts")]: "./memory-store.ts",
  [join(ROOT, "workers/auth/authenticate.ts")]: "./authenticate.ts",
};

interface ServiceOptions {
  edit?: readonly [piece: string, instead: string] | undefined;
  withApi?: boolean;
}

/** The service as it was evaluated once. */
export interface Machine {
  readonly service: Service;
  /** Makes it a machine that has just been started: its modules remember nothing. */
  forget(): void;
}

/**
 * Bundles the service. The answer evaluates it: each time another machine. `edit` puts something else in the place of a piece of its
 * code; `withApi` has the API too.
 */
export async function bundleService({ edit, withApi = false }: ServiceOptions = {}): Promise<() => Machine> {
  const outside = new Map<string, object>();
  const provide = async (name: string, from: string): Promise<{ path: string; external: true }> => {
    if (!outside.has(name)) outside.set(name, (await import(from)) as object);
    return { path: name, external: true };
  };
  const { outputFiles } = await build({
    stdin: { contents: withApi ? WITH_API : ENTRY, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    target: "es2024",
    logLevel: "silent",
    plugins: [
      {
        name: "stand-ins",
        setup({ onResolve }) {
          onResolve({ filter: /./ }, async ({ path, resolveDir, kind }) => {
            if (kind === "entry-point") return;
            const standIn = STAND_INS[path.startsWith(".") ? join(resolveDir, path) : path];
            if (standIn !== undefined) return provide(path, standIn);
            return path.startsWith(".") ? undefined : provide(path, path);
          });
        },
      },
    ],
  });
  const code = edited(outputFiles[0]?.text ?? "", edit);
  const script = new Script(`(function (module, require) { ${code}\n})`, { filename: "service.js" });
  const require = (name: string): object => {
    const found = outside.get(name);
    if (!found) throw new Error(`The service imports ${name}, which nobody provides.`);
    return found;
  };
  return () => {
    const module = { exports: {} };
    const forget = remembering(() => script.runInThisContext()(module, require));
    return { service: module.exports as Service, forget };
  };
}

/** Evaluates modules, and answers what puts their maps and sets, in which alone they remember anything, back to how they are now. */
function remembering(evaluate: () => void): () => void {
  const plain = { Map, Set };
  const resets: (() => void)[] = [];
  class KeptMap<Key, Value> extends plain.Map<Key, Value> {
    constructor(entries?: Iterable<readonly [Key, Value]> | null) {
      super(entries);
      const first = [...this];
      resets.push(() => {
        this.clear();
        for (const [key, value] of first) this.set(key, value);
      });
    }
  }
  class KeptSet<Value> extends plain.Set<Value> {
    constructor(values?: Iterable<Value> | null) {
      super(values);
      const first = [...this];
      resets.push(() => {
        this.clear();
        for (const value of first) this.add(value);
      });
    }
  }
  try {
    Object.assign(globalThis, { Map: KeptMap, Set: KeptSet });
    evaluate();
  } finally {
    Object.assign(globalThis, plain);
  }
  return () => {
    for (const reset of resets) reset();
  };
}

function edited(code: string, edit: readonly [string, string] | undefined): string {
  if (!edit) return code;
  const [piece, instead] = edit;
  if (!code.includes(piece)) throw new Error(`The service's code has no «${piece}» any more: plant the bug anew.`);
  return code.replace(piece, instead);
}
