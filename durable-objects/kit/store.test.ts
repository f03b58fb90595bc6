import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { storeSuite } from "./store.suite.ts";
import { SqliteStore } from "./store.ts";

/** A blank object of any class: what counts is its storage. */
const blank = () => testEnv.FLOW_RUN.get(testEnv.FLOW_RUN.newUniqueId());

storeSuite("[KI1] [KI2] a store in an object's SQLite", (work) =>
  runInDurableObject(blank(), (_, { storage }) =>
    work({ store: new SqliteStore(storage), reopen: () => new SqliteStore(storage) }),
  ),
);

test("[KI2] reading an object that was never written makes no table", () =>
  runInDurableObject(blank(), (_, { storage }) => {
    const store = new SqliteStore(storage);
    expect(store.get("head")).toBeNull();
    expect([...store.list("")]).toEqual([]);
    store.delete("head");
    store.clear();
    expect(
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    ).toEqual([]);
  }));

test("[KI3] changing one entry writes one row", () =>
  runInDurableObject(blank(), (_, { storage }) => {
    const store = new SqliteStore(storage);
    store.put("head", "1");
    const written: number[] = [];
    const exec = storage.sql.exec.bind(storage.sql);
    const counting = Object.assign(Object.create(storage), {
      sql: {
        exec(query: string, ...bindings: unknown[]) {
          const cursor = exec(query, ...bindings);
          written.push(cursor.rowsWritten);
          return cursor;
        },
      },
    }) as DurableObjectStorage;
    new SqliteStore(counting).put("head", "2");
    expect(written.reduce((sum, rows) => sum + rows, 0)).toBe(1);
  }));
