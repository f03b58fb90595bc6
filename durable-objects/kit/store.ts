/**
 * What an object keeps: text under keys, in order of key, changed in transactions.
 *
 * KI1  A transaction that throws leaves no trace.
 * KI2  Reading an object that was never written writes nothing: the table is made by the first write.
 * KI3  The table's name carries the layout's version, so that knowing it costs no row.
 *
 * One clustered table and no index: a change of one entry is one written row, and rows are the bill.
 */
export interface Store {
  get(key: string): string | null;
  put(key: string, value: string): void;
  delete(key: string): void;
  /** Entries whose key begins with `prefix`, in order of key; only those behind the key `after`, where it is given. */
  list(prefix: string, after?: string): Iterable<readonly [key: string, value: string]>;
  /** The last key that begins with `prefix`. */
  lastKey(prefix: string): string | null;
  /** Runs `work` as one. What it returns must not be a promise: no await stands between a read and its commit. */
  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T;
  /** Forgets everything. */
  clear(): void;
}

const TABLE = "entries_v1";

/** A store in an object's own SQLite. */
export class SqliteStore implements Store {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #exists: boolean | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  get(key: string): string | null {
    if (!this.#hasTable()) return null;
    const row = this.#sql.exec<{ value: string }>(`SELECT value FROM ${TABLE} WHERE key = ?`, key).next();
    return row.done ? null : row.value.value;
  }

  put(key: string, value: string): void {
    this.#makeTable();
    this.#sql.exec(
      `INSERT INTO ${TABLE} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      key,
      value,
    );
  }

  delete(key: string): void {
    if (this.#hasTable()) this.#sql.exec(`DELETE FROM ${TABLE} WHERE key = ?`, key);
  }

  *list(prefix: string, after = ""): Iterable<readonly [string, string]> {
    if (!this.#hasTable()) return;
    const rows = this.#sql.exec<{ key: string; value: string }>(
      `SELECT key, value FROM ${TABLE} WHERE key >= ? AND key < ? AND key > ? ORDER BY key`,
      prefix,
      `${prefix}\u{10ffff}`,
      after,
    );
    for (const { key, value } of rows) yield [key, value];
  }

  lastKey(prefix: string): string | null {
    if (!this.#hasTable()) return null;
    const row = this.#sql
      .exec<{ key: string }>(
        `SELECT key FROM ${TABLE} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1`,
        prefix,
        `${prefix}\u{10ffff}`,
      )
      .next();
    return row.done ? null : row.value.key;
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    const existed = this.#exists;
    try {
      return this.#storage.transactionSync<T>(work);
    } catch (error) {
      this.#exists = existed;
      throw error;
    }
  }

  clear(): void {
    if (!this.#hasTable()) return;
    this.#sql.exec(`DROP TABLE ${TABLE}`);
    this.#exists = false;
  }

  #hasTable(): boolean {
    this.#exists ??= !this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", TABLE).next().done;
    return this.#exists;
  }

  #makeTable(): void {
    if (this.#hasTable()) return;
    this.#sql.exec(`CREATE TABLE ${TABLE} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`);
    this.#exists = true;
  }
}
