/**
 * Bundles on this machine's disk, named by their hash.
 *
 * S1  A file in the store has the hash it is named by: it is checked before it gets its name, and again before its first use
 *     by this process and after every change of it.
 * S2  A file appears whole or not at all: it is written under another name, synced, and renamed.
 * S3  One bundle is fetched once, however many runs ask for it at the same time.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/** Bundles that nobody used for this long are removed when an agent starts. */
const UNUSED_MS = 30 * 86_400_000;
const NAME = /^[0-9a-f]{64}$/;

export class BundleError extends Error {
  override name = "BundleError";
}

export class BundleStore {
  readonly #folder: string;
  readonly #fetching = new Map<string, Promise<string>>();
  /** Size and time of change of what was checked. */
  readonly #checked = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path of the bundle, which `fetch` gets when it is not here. */
  async path(sha256: string, fetch: (sha256: string) => Promise<Uint8Array>): Promise<string> {
    if (!NAME.test(sha256)) throw new BundleError(`"${sha256}" is no hash of a bundle.`);
    const path = join(this.#folder, `${sha256}.mjs`);
    if (await this.#isGood(path, sha256)) return path;
    let work = this.#fetching.get(sha256);
    if (!work) {
      work = this.#store(path, sha256, fetch).finally(() => this.#fetching.delete(sha256));
      this.#fetching.set(sha256, work);
    }
    return work;
  }

  /** Removes what nobody used for long, and what an earlier process left half-written. */
  async prune(now: number = Date.now()): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const path = join(this.#folder, name);
      const used = await stat(path).catch(() => null);
      const leftover = !name.endsWith(".mjs");
      if (used && (leftover ? now - used.mtimeMs > 3_600_000 : now - used.atimeMs > UNUSED_MS))
        await rm(path, { force: true });
    }
  }

  async #isGood(path: string, sha256: string): Promise<boolean> {
    const seen = await stat(path).catch(() => null);
    if (!seen?.isFile()) return false;
    const mark = `${seen.size} ${seen.mtimeMs} ${seen.ino}`;
    if (this.#checked.get(sha256) === mark) return true;
    if (hash(await readFile(path)) !== sha256) {
      await rm(path, { force: true });
      return false;
    }
    this.#checked.set(sha256, mark);
    await utimes(path, new Date(), seen.mtime);
    return true;
  }

  async #store(path: string, sha256: string, fetch: (sha256: string) => Promise<Uint8Array>): Promise<string> {
    const bytes = await fetch(sha256);
    const actual = hash(bytes);
    if (actual !== sha256) throw new BundleError(`Bundle ${sha256} arrived with the hash ${actual}: it was not used.`);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = `${path}.${process.pid}.${performance.now()}`;
    const file = await open(unfinished, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    return path;
  }
}

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
