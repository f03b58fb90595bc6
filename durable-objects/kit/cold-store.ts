/**
 * A store whose entries may lie packed in the bucket while nobody changes them: the object then keeps one small entry that says where.
 *
 * KI60 What is packed is read as if it lay here. The first change takes all of it back, in the same transaction.
 * KI61 Entries leave the object only when what lies in the bucket was read back and has its hash. Whenever the process ends, the
 *      entries are here, or packed and named here.
 * KI62 A package that nothing names any more is deleted, also where the process ended before.
 *
 * A package is named by its hash, under its workspace.
 */
import { createHash } from "node:crypto";
import type { Store } from "./store.ts";

/** What a store needs of the bucket. */
export interface Bucket {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
  delete(key: string): Promise<void>;
}

/** Names the package in which all other entries lie. */
const PACKED = "packed";
/** Names a package that is to be deleted. */
const SPENT = "spent";
/** Characters of entries above which they stay where they are: a package is made, and read, in an object's memory. */
const LARGEST = 32 * 1024 * 1024;

type Entries = ReadonlyMap<string, string>;

export class ColdStore implements Store {
  readonly #store: Store;
  readonly #bucket: Bucket;
  /** Called when entries were taken back. */
  readonly #onThaw: () => void;
  /** What lies in the bucket, in order of key; null while the entries are here. */
  #packed: Entries | null = null;
  /** The package's name; null while the entries are here; undefined: not looked up yet. */
  #key: string | null | undefined;
  #changes = 0;

  constructor(store: Store, bucket: Bucket, onThaw: () => void = () => {}) {
    this.#store = store;
    this.#bucket = bucket;
    this.#onThaw = onThaw;
  }

  /** Whether the entries lie in the bucket: then `load` comes before anything else. */
  get isPacked(): boolean {
    if (this.#key === undefined) this.#key = this.#store.get(PACKED);
    return this.#key !== null;
  }

  /** Reads what is packed. Rejects where the bucket is away, or has something else. */
  async load(): Promise<void> {
    if (this.isPacked && this.#key) this.#packed ??= await this.#read(this.#key);
  }

  /** Packs all entries; false where they are too many, or changed meanwhile. */
  async pack(workspace: string): Promise<boolean> {
    await this.sweep();
    if (this.isPacked) return true;
    const entries = [...this.#store.list("")].filter(([key]) => key !== SPENT);
    const text = JSON.stringify(entries);
    if (text.length > LARGEST) return false;
    const changes = this.#changes;
    const bytes = new Uint8Array(await through(new CompressionStream("gzip"), text));
    const key = `${workspace}/runs/${hashOf(bytes)}`;
    await this.#bucket.put(key, bytes);
    const packed = await this.#read(key);
    if (changes !== this.#changes) return false;
    this.#store.transaction(() => {
      this.#store.clear();
      this.#store.put(PACKED, key);
    });
    this.#packed = packed;
    this.#key = key;
    return true;
  }

  /** Deletes a package that nothing names any more. */
  async sweep(): Promise<void> {
    const spent = this.#store.get(SPENT);
    if (spent === null) return;
    if (!this.isPacked || spent !== this.#key) await this.#bucket.delete(spent);
    // Another may be spent meanwhile.
    if (this.#store.get(SPENT) !== spent) return;
    this.#store.transaction(() => this.#store.delete(SPENT));
    if (this.#store.lastKey("") === null) this.#store.clear();
  }

  get(key: string): string | null {
    return this.#packed ? (this.#packed.get(key) ?? null) : this.#store.get(key);
  }

  put(key: string, value: string): void {
    this.#thaw();
    this.#store.put(key, value);
  }

  delete(key: string): void {
    if (this.get(key) === null) return;
    this.#thaw();
    this.#store.delete(key);
  }

  *list(prefix: string, after = ""): Iterable<readonly [string, string]> {
    if (!this.#packed) return yield* this.#store.list(prefix, after);
    for (const entry of this.#packed) if (entry[0].startsWith(prefix) && isBehind(entry[0], after)) yield entry;
  }

  lastKey(prefix: string): string | null {
    if (!this.#packed) return this.#store.lastKey(prefix);
    let last: string | null = null;
    for (const key of this.#packed.keys()) if (key.startsWith(prefix)) last = key;
    return last;
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    const [packed, key] = [this.#packed, this.#key];
    try {
      return this.#store.transaction(work);
    } catch (error) {
      this.#packed = packed;
      this.#key = key;
      throw error;
    }
  }

  clear(): void {
    const spent = this.#store.get(PACKED) ?? this.#store.get(SPENT);
    this.#changes += 1;
    this.#packed = null;
    this.#key = null;
    this.#store.clear();
    if (spent !== null) this.#spend(spent);
  }

  /** Takes the entries back before a change. */
  #thaw(): void {
    this.#changes += 1;
    const [packed, key] = [this.#packed, this.#key];
    if (!packed || !key) return;
    this.#packed = null;
    this.#key = null;
    this.#store.delete(PACKED);
    for (const [name, value] of packed) this.#store.put(name, value);
    this.#spend(key);
  }

  #spend(key: string): void {
    this.#store.put(SPENT, key);
    this.#onThaw();
  }

  async #read(key: string): Promise<Entries> {
    const object = await this.#bucket.get(key);
    if (!object) throw new Error(`The package ${key} is not in the bucket.`);
    const bytes = await object.arrayBuffer();
    if (!key.endsWith(hashOf(new Uint8Array(bytes))))
      throw new Error(`The package ${key} has another hash than its name says.`);
    const text = new TextDecoder().decode(await through(new DecompressionStream("gzip"), bytes));
    return new Map(JSON.parse(text) as [string, string][]);
  }
}

/** In SQLite's order of text, which is that of its bytes. */
const isBehind = (key: string, after: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;

/** What comes out of a stream of bytes into which these are put. */
function through(stream: CompressionStream | DecompressionStream, bytes: string | ArrayBuffer): Promise<ArrayBuffer> {
  return new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
