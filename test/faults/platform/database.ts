/**
 * A D1 database over SQLite in memory, which may refuse, hang, answer late, or store and then fail to say so. Its tables are made by
 * the migrations that production applies.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { currentLife } from "./life.ts";
import type { Network } from "./network.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../migrations/shard");
/** Milliseconds, on average, of a late answer. */
const LATE = 8_000;

type Value = string | number | bigint | null;

interface Result {
  results: Record<string, Value>[];
  success: true;
  meta: { changes: number };
}

/** The tables of a shard, in memory, with every statement that was ever asked of them. Made once a process: simulations clean up behind them. */
export class Tables {
  readonly #database = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, StatementSync>();

  constructor() {
    for (const file of readdirSync(MIGRATIONS)
      .filter((name) => name.endsWith(".sql"))
      .sort())
      this.#database.exec(readFileSync(join(MIGRATIONS, file), "utf8"));
  }

  /** Does all of it, or nothing. */
  transaction<T>(work: () => T): T {
    this.all("BEGIN");
    try {
      const answer = work();
      this.all("COMMIT");
      return answer;
    } catch (error) {
      this.all("ROLLBACK");
      throw error;
    }
  }

  /** Rows that the last statement changed which changes any. */
  get changes(): number {
    return this.all("SELECT changes() AS changes")[0]?.changes as number;
  }

  all(query: string, values: readonly Value[] = []): Record<string, Value>[] {
    let prepared = this.#prepared.get(query);
    if (!prepared) {
      prepared = this.#database.prepare(query);
      this.#prepared.set(query, prepared);
    }
    return prepared.all(...values) as Record<string, Value>[];
  }
}

class Statement {
  readonly query: string;
  readonly values: readonly Value[];
  readonly #database: SimulatedDatabase;

  constructor(database: SimulatedDatabase, query: string, values: readonly Value[]) {
    this.#database = database;
    this.query = query;
    this.values = values;
  }

  bind = (...values: Value[]): Statement => new Statement(this.#database, this.query, values);
  all = async (): Promise<Result> => (await this.#database.batch([this]))[0] as Result;
  run = this.all;
  first = async (): Promise<Record<string, Value> | null> => (await this.all()).results[0] ?? null;
}

export class SimulatedDatabase {
  readonly #tables: Tables;
  readonly #network: Network;

  constructor(tables: Tables, network: Network) {
    this.#tables = tables;
    this.#network = network;
  }

  prepare = (query: string): Statement => new Statement(this, query, []);

  /** Does the statements as one. */
  batch(statements: readonly Statement[]): Promise<Result[]> {
    const { weather, time } = this.#network;
    const caller = currentLife();
    const random = this.#network.dice.at(`database of ${caller?.name}`);
    const delay = () => this.#network.delay(random);
    return new Promise((resolve, reject) => {
      const back = (milliseconds: number, end: () => void) =>
        time.after(milliseconds, () => (caller?.alive ?? true) && end());
      const fail = () => reject(new Error("D1_ERROR: the database is not available"));
      if (random.chance(weather.databaseThrows)) return back(delay(), fail);
      if (random.chance(weather.databaseHangs)) return;
      const late = random.chance(weather.databaseLate) ? random.around(LATE) : 0;
      const forgets = random.chance(weather.databaseForgets);
      time.after(delay() + late / 2, () => {
        try {
          const results = this.query(statements);
          back(delay() + late / 2, forgets ? fail : () => resolve(results));
        } catch (error) {
          back(delay(), () => reject(error));
        }
      });
    });
  }

  /** The same at once and without fail, for those who check. */
  query(statements: readonly Pick<Statement, "query" | "values">[]): Result[] {
    const work = () =>
      statements.map(({ query, values }): Result => {
        const results = this.#tables.all(query, values);
        return { results, success: true, meta: { changes: /^\s*SELECT/i.test(query) ? 0 : this.#tables.changes } };
      });
    // One statement is a transaction of its own.
    return statements.length === 1 ? work() : this.#tables.transaction(work);
  }
}
