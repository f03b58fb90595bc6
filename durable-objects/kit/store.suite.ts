/**
 * The suite that every `Store` passes: the one in an object's own SQLite, and the one in memory that the simulation of
 * test/faults runs on. What it says of both makes the second as good as the first.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "./store.ts";

/** A store over what may be written already, and a way to look at it as a new owner would: memory lost, storage kept. */
export interface StoreUnderTest {
  store: Store;
  reopen(): Store;
}

/** Keys whose order differs between code points, UTF-16 units and locales. */
const KEYS = ["a", "a/", "a/1", "a/10", "a/2", "a/ä", "a/\ufb01", "a/\u{1f600}", "b", "A", "a\u0000b", "head"];
const VALUES = ["", "text", "ä\u{1f600}\u0000\n'\"", "x".repeat(70_000)];

const all = (store: Store) => [...store.list("")];

/**
 * `name` begins with the ids of the promises, so that they are found in the test's own file. `within` gives `work` a blank store
 * where it may be used: an object's storage is open to the object alone.
 */
export function storeSuite(name: string, within: (work: (blank: StoreUnderTest) => void) => Promise<void>): void {
  describe(name, () => {
    const check = (title: string, work: (blank: StoreUnderTest) => void) => test(title, () => within(work));

    check("what was never written is empty", ({ store }) => {
      expect(store.get("head")).toBeNull();
      expect(all(store)).toEqual([]);
      expect(store.lastKey("")).toBeNull();
      store.delete("head");
      store.clear();
      expect(all(store)).toEqual([]);
    });

    check("a value is read as it was put, also by the next owner", ({ store, reopen }) => {
      for (const [at, value] of VALUES.entries()) store.put(`k${at}`, value);
      const after = reopen();
      for (const [at, value] of VALUES.entries()) {
        expect(store.get(`k${at}`)).toBe(value);
        expect(after.get(`k${at}`)).toBe(value);
      }
    });

    check("each byte of half a character is read as the sign for what cannot be read", ({ store }) => {
      store.put("k", "a\ud800b");
      expect(store.get("k")).toBe("a\ufffd\ufffd\ufffdb");
    });

    check("putting again replaces, deleting removes one", ({ store, reopen }) => {
      store.put("a", "1");
      store.put("b", "1");
      store.put("a", "2");
      expect(all(store)).toEqual([
        ["a", "2"],
        ["b", "1"],
      ]);
      store.delete("a");
      expect(all(reopen())).toEqual([["b", "1"]]);
    });

    check("entries are listed in order of their keys' code points, within a prefix, behind a key", ({ store }) => {
      for (const key of KEYS) store.put(key, key);
      const inOrder = ["A", "a", "a\u0000b", "a/", "a/1", "a/10", "a/2", "a/ä", "a/\ufb01", "a/\u{1f600}", "b", "head"];
      expect(all(store).map(([key]) => key)).toEqual(inOrder);
      expect([...store.list("a/")].map(([key]) => key)).toEqual(inOrder.slice(3, 10));
      expect([...store.list("a/", "a/10")].map(([key]) => key)).toEqual(inOrder.slice(6, 10));
      expect(store.lastKey("a/")).toBe("a/\u{1f600}");
      expect(store.lastKey("c")).toBeNull();
    });

    check("a transaction that throws leaves no trace, not even of the first write", ({ store, reopen }) => {
      const fail = () =>
        store.transaction(() => {
          store.put("a", "1");
          expect(store.get("a")).toBe("1");
          throw new RangeError("no");
        });
      expect(fail).toThrow(RangeError);
      expect(store.get("a")).toBeNull();
      store.put("a", "2");
      store.put("b", "2");
      expect(() =>
        store.transaction(() => {
          store.delete("a");
          store.put("b", "3");
          store.clear();
          throw new RangeError("no");
        }),
      ).toThrow(RangeError);
      expect(all(store)).toEqual([
        ["a", "2"],
        ["b", "2"],
      ]);
      expect(all(reopen())).toEqual(all(store));
    });

    check("a transaction within one that goes on takes back its own part alone", ({ store, reopen }) => {
      const answer = store.transaction(() => {
        store.put("outer", "1");
        expect(() =>
          store.transaction(() => {
            store.put("inner", "1");
            throw new RangeError("no");
          }),
        ).toThrow(RangeError);
        store.transaction(() => store.put("second", "1"));
        return 7;
      });
      expect(answer).toBe(7);
      expect(all(reopen()).map(([key]) => key)).toEqual(["outer", "second"]);
    });

    check("clearing forgets everything, and the store goes on", ({ store, reopen }) => {
      for (const key of KEYS) store.put(key, key);
      store.clear();
      expect(all(store)).toEqual([]);
      store.put("a", "1");
      expect(all(reopen())).toEqual([["a", "1"]]);
    });

    check("any sequence of changes leaves what a plain map would hold", ({ store, reopen }) => {
      const key = fc.constantFrom(...KEYS);
      const change = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({ do: fc.constant("put" as const), key, value: fc.string({ unit: "binary" }) }),
        },
        { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
      );
      type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
      const transaction = fc.record({ fails: fc.boolean(), changes: fc.array(change, { maxLength: 6 }) });
      const apply = (to: Pick<Store, "put" | "delete" | "clear">, one: Change) => {
        if (one.do === "put") to.put(one.key, one.value);
        else if (one.do === "delete") to.delete(one.key);
        else to.clear();
      };
      fc.assert(
        fc.property(fc.array(transaction, { maxLength: 8 }), (transactions) => {
          store.clear();
          let model = new Map<string, string>();
          for (const { fails, changes } of transactions) {
            const next = new Map(model);
            try {
              store.transaction(() => {
                for (const one of changes) {
                  apply(store, one);
                  apply(
                    { put: (k, v) => next.set(k, v), delete: (k) => next.delete(k), clear: () => next.clear() },
                    one,
                  );
                }
                if (fails) throw new RangeError("no");
              });
              model = next;
            } catch (error) {
              if (!(error instanceof RangeError)) throw error;
            }
          }
          expect(new Map(store.list(""))).toEqual(model);
          expect(new Map(reopen().list(""))).toEqual(model);
          for (const k of KEYS) expect(store.get(k)).toBe(model.get(k) ?? null);
        }),
        { numRuns: 100 },
      );
    });
  });
}
