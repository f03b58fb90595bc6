import { beforeEach, describe, expect, test } from "vitest";
import { Disk, MemoryStore } from "../../test/faults/platform/memory-store.ts";
import { type Bucket, ColdStore } from "./cold-store.ts";

/** A bucket in memory. `failing`: the next call of this name rejects. */
class MemoryBucket implements Bucket {
  readonly objects = new Map<string, Uint8Array>();
  failing: string | null = null;
  /** Called before each call, by its name. */
  before: (call: string) => void = () => {};

  async put(key: string, value: Uint8Array) {
    this.#call("put");
    this.objects.set(key, value);
  }
  async get(key: string) {
    this.#call("get");
    const bytes = this.objects.get(key);
    return bytes ? { arrayBuffer: async () => Uint8Array.from(bytes).buffer } : null;
  }
  async delete(key: string) {
    this.#call("delete");
    this.objects.delete(key);
  }
  #call(name: string) {
    this.before(name);
    if (this.failing === name) throw new Error(`${name} failed`);
  }
}

let disk: Disk;
let bucket: MemoryBucket;
const open = () => new ColdStore(new MemoryStore({ disk }), bucket);
/** As the object begins again after its process was lost. */
const again = async () => {
  const store = open();
  await store.load();
  return store;
};
const ENTRIES = [
  ["head", '{"a":1}'],
  ["log/1", "one"],
  ["log/2", "two"],
  ["log/\u{1f600}", "three"],
] as const;
const all = (store: ColdStore) => [...store.list("")];
const here = () => [...disk.entries.keys()];

beforeEach(() => {
  disk = new Disk();
  bucket = new MemoryBucket();
  const store = open();
  for (const [key, value] of ENTRIES) store.put(key, value);
});

test("[KI60] what is packed is read as it lay in the object, also by the next owner", async () => {
  const store = open();
  expect(await store.pack("w")).toBe(true);
  expect(here()).toEqual(["packed"]);
  expect([...bucket.objects.keys()]).toEqual([expect.stringMatching(/^w\/runs\/[0-9a-f]{64}$/)]);
  for (const one of [store, await again()]) {
    expect(all(one)).toEqual(ENTRIES);
    expect(one.get("log/2")).toBe("two");
    expect(one.get("nothing")).toBeNull();
    expect([...one.list("log/", "log/1")].map(([key]) => key)).toEqual(["log/2", "log/\u{1f600}"]);
    // A key that is not there any more is as good a mark as any.
    expect([...one.list("log/", "log/11")].map(([key]) => key)).toEqual(["log/2", "log/\u{1f600}"]);
    expect(one.lastKey("log/")).toBe("log/\u{1f600}");
    one.delete("nothing");
    expect(here()).toEqual(["packed"]);
  }
});

test("[KI60] the first change takes all of it back, or nothing", async () => {
  await open().pack("w");
  const store = await again();
  const failed = () =>
    store.transaction(() => {
      store.put("head", "changed");
      throw new Error("no");
    });
  expect(failed).toThrow("no");
  expect([store.isPacked, all(store), here()]).toEqual([true, ENTRIES, ["packed"]]);
  store.transaction(() => store.put("head", "changed"));
  expect(store.isPacked).toBe(false);
  expect((await again()).get("head")).toBe("changed");
  expect((await again()).get("log/1")).toBe("one");
});

describe("[KI61] nothing is lost", () => {
  test.each(["put", "get"])("where %s fails", async (call) => {
    bucket.failing = call;
    await expect(open().pack("w")).rejects.toThrow(`${call} failed`);
    expect(all(await again())).toEqual(ENTRIES);
    bucket.failing = null;
    expect(await open().pack("w")).toBe(true);
    expect(all(await again())).toEqual(ENTRIES);
  });

  test("whichever step the process ends before", async () => {
    const seen: unknown[] = [];
    bucket.before = () => void seen.push([...new MemoryStore({ disk }).list("")]);
    await open().pack("w");
    // Until the package was written and read back, all entries are here.
    expect(seen).toEqual([ENTRIES, ENTRIES]);
    bucket.before = () => {};
    expect(all(await again())).toEqual(ENTRIES);
  });

  test("where the entries change meanwhile", async () => {
    const store = open();
    bucket.before = (call) => call === "get" && store.put("log/3", "late");
    expect(await store.pack("w")).toBe(false);
    bucket.before = () => {};
    expect((await again()).get("log/3")).toBe("late");
  });

  test("where the bucket has something else than was written", async () => {
    bucket.before = (call) => {
      if (call === "get") for (const key of bucket.objects.keys()) bucket.objects.set(key, new Uint8Array([1]));
    };
    await expect(open().pack("w")).rejects.toThrow("another hash");
    expect(all(await again())).toEqual(ENTRIES);
    bucket.before = () => {};
    await open().pack("w");
    bucket.objects.clear();
    await expect(again()).rejects.toThrow("not in the bucket");
  });
});

describe("[KI62] a package that is of no use is deleted", () => {
  test("when its entries were taken back", async () => {
    await open().pack("w");
    (await again()).put("head", "changed");
    expect(bucket.objects.size).toBe(1);
    bucket.failing = "delete";
    await expect((await again()).sweep()).rejects.toThrow("delete failed");
    bucket.failing = null;
    await (await again()).sweep();
    expect(bucket.objects.size).toBe(0);
    expect(here()).not.toContain("spent");
    await open().pack("w");
    expect(bucket.objects.size).toBe(1);
    expect((await again()).get("head")).toBe("changed");
  });

  test("when everything was forgotten, of which then nothing is left", async () => {
    await open().pack("w");
    (await again()).clear();
    await (await again()).sweep();
    expect([bucket.objects.size, here()]).toEqual([0, []]);
  });

  test("unless it is in use again", async () => {
    const store = open();
    await store.pack("w");
    store.put("log/1", "one");
    disk.entries.delete("spent");
    await store.pack("w");
    disk.entries.set("spent", [...bucket.objects.keys()][0] as string);
    await (await again()).sweep();
    expect(all(await again())).toEqual(ENTRIES);
  });
});
