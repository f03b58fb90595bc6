import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BundleStore } from "./bundle-store.ts";

const CODE = Buffer.from("export const x = 1;");
const HASH = createHash("sha256").update(CODE).digest("hex");
let folder: string;
let fetched: number;
const fetchCode = async (): Promise<Uint8Array> => {
  fetched++;
  return CODE;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bundles-"));
  fetched = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

test("[AG41] a bundle is fetched once, however many ask at the same time, and kept", async () => {
  const store = new BundleStore(folder);
  const paths = await Promise.all(Array.from({ length: 5 }, () => store.path(HASH, fetchCode)));
  expect(new Set(paths).size).toBe(1);
  expect(readFileSync(paths[0]!)).toEqual(CODE);
  await new BundleStore(folder).path(HASH, fetchCode);
  expect(fetched).toBe(1);
});

test("[AG42] what has another hash than its name is not used, and leaves nothing behind", async () => {
  const store = new BundleStore(folder);
  await expect(store.path(HASH, async () => Buffer.from("export const x = 2;"))).rejects.toThrow("it was not used");
  expect(readdirSync(folder)).toEqual([]);
  await expect(store.path(HASH, fetchCode)).resolves.toContain(HASH);
});

test("[AG42] a file that was changed on the disk is fetched anew", async () => {
  const store = new BundleStore(folder);
  const path = await store.path(HASH, fetchCode);
  await store.path(HASH, fetchCode);
  appendFileSync(path, "evil()");
  await store.path(HASH, fetchCode);
  expect(fetched).toBe(2);
  expect(readFileSync(path)).toEqual(CODE);
});

test.each(["../../etc/passwd", "", "/abs", HASH.toUpperCase(), `${HASH}x`])(
  "[AG42] %j is no name of a bundle",
  async (name) => {
    await expect(new BundleStore(folder).path(name, fetchCode)).rejects.toThrow("is no hash of a bundle");
    expect(fetched).toBe(0);
  },
);

test("[AG41] what nobody used for a month is removed, and what was left half-written", async () => {
  const store = new BundleStore(folder);
  const path = await store.path(HASH, fetchCode);
  const leftover = join(folder, "x.mjs.1.2");
  writeFileSync(leftover, "half");
  await store.prune();
  expect([existsSync(path), existsSync(leftover)]).toEqual([true, true]);
  const old = new Date(Date.now() - 40 * 86_400_000);
  utimesSync(path, old, old);
  utimesSync(leftover, old, old);
  await store.prune();
  expect(readdirSync(folder)).toEqual([]);
});
