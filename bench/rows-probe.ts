/**
 * The service's Worker with every written row counted, by who wrote it. Bundled as it is by rows.ts; only classes and
 * bindings are wrapped, their code is the service's own.
 *
 * A row is what the platform bills: `rowsWritten` of a statement, and one for each alarm that is set.
 */
import type { DurableObject } from "cloudflare:workers";
import worker, * as main from "../workers/main.ts";

import type { Rows } from "./probe-server.ts";

type Writer = keyof Rows;

const written: Partial<Record<Writer, number>> = {};
const count = (writer: Writer, rows: number) => {
  written[writer] = (written[writer] ?? 0) + rows;
};

/** Wraps `exec` and `setAlarm` of an object's storage. */
function watchStorage(state: DurableObjectState, writer: Writer): void {
  const { storage } = state;
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  Object.defineProperty(sql, "exec", {
    value: (...given: Parameters<typeof exec>) => {
      const cursor = exec(...given);
      count(writer, cursor.rowsWritten);
      return cursor;
    },
  });
  Object.defineProperty(storage, "sql", { value: sql });
  Object.defineProperty(storage, "setAlarm", {
    value: (...given: Parameters<typeof setAlarm>) => {
      count(writer, 1);
      return setAlarm(...given);
    },
  });
}

/** Wraps what runs statements of a database. */
function watchDatabase(database: D1Database, writer: Writer): D1Database {
  const seen = <T extends { meta: { rows_written?: number } }>(result: T): T => {
    count(writer, result.meta.rows_written ?? 0);
    return result;
  };
  const statements = new WeakMap<object, D1PreparedStatement>();
  const watchStatement = (statement: D1PreparedStatement): D1PreparedStatement => {
    const watched = new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => watchStatement(target.bind(...values));
        if (name === "run" || name === "all") return async () => seen(await target[name]());
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    statements.set(watched, statement);
    return watched;
  };
  return new Proxy(database, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => watchStatement(target.prepare(sql));
      if (name === "batch") {
        return async (batch: D1PreparedStatement[]) =>
          (await target.batch(batch.map((one) => statements.get(one) ?? one))).map(seen);
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const DATABASES = { DIRECTORY: "directory", SHARD_0: "index", SHARD_1: "index" } as const;

const watchedEnvs = new WeakMap<object, object>();
function watchEnv<Env extends object>(env: Env): Env {
  let watched = watchedEnvs.get(env);
  if (watched === undefined) {
    const databases = Object.entries(DATABASES).map(([binding, writer]) => [
      binding,
      watchDatabase((env as Record<string, D1Database>)[binding] as D1Database, writer),
    ]);
    watched = { ...env, ...Object.fromEntries(databases) };
    watchedEnvs.set(env, watched as object);
  }
  return watched as Env;
}

type ObjectClass = new (state: DurableObjectState, env: never) => DurableObject;

function watchClass<Class extends ObjectClass>(Base: Class, writer: Writer): Class {
  const Watched = class extends (Base as ObjectClass) {
    constructor(state: DurableObjectState, env: never) {
      watchStorage(state, writer);
      super(state, watchEnv(env));
    }
  };
  return Watched as unknown as Class;
}

export const FlowRun = watchClass(main.FlowRun as unknown as ObjectClass, "FlowRun");
export const WorkPool = watchClass(main.WorkPool as unknown as ObjectClass, "WorkPool");
export const EventHub = watchClass(main.EventHub as unknown as ObjectClass, "EventHub");
export const Deployment = watchClass(main.Deployment as unknown as ObjectClass, "Deployment");
export const ConcurrencyLimit = watchClass(main.ConcurrencyLimit as unknown as ObjectClass, "ConcurrencyLimit");
export const BackgroundTasks = watchClass(main.BackgroundTasks as unknown as ObjectClass, "BackgroundTasks");
export const Bootstrap = main.Bootstrap;

type Handlers = Required<Pick<typeof worker, "fetch" | "queue" | "scheduled">>;
const handlers = worker as unknown as Handlers;

export default {
  fetch: (...[request, env, context]: Parameters<Handlers["fetch"]>) =>
    request.url.endsWith("/rows-written")
      ? Response.json(written)
      : handlers.fetch(request, watchEnv(env as object) as never, context),
  queue: (...[batch, env]: Parameters<Handlers["queue"]>) => handlers.queue(batch, watchEnv(env as object) as never),
  scheduled: (...[event, env]: Parameters<Handlers["scheduled"]>) =>
    handlers.scheduled(event, watchEnv(env as object) as never),
};
