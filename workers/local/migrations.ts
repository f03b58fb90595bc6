/**
 * Brings the databases to this version's tables before anything else touches them.
 *
 * LM1  A file is applied once, whole or not at all: its statements and its name are one transaction.
 * LM2  Names are kept in the table that `wrangler d1 migrations` uses, so that both agree on what is applied.
 * LM3  A database that knows a file which this version does not was written by a newer one: nothing is changed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Control, Statement } from "./control.ts";

export interface Migration {
  /** The file's name. */
  name: string;
  statements: string[];
}

const LEDGER =
  "CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)";

/** The migrations of a folder, in the order of their names. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ name, statements: statementsOf(readFileSync(join(folder, name), "utf8")) }));
}

/** The statements of a file, as drizzle-kit divides them. */
export function statementsOf(sql: string): string[] {
  return sql
    .split("--> statement-breakpoint")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** What is still to be applied; or the name of one that is applied and unknown here. */
export function pending(known: readonly Migration[], applied: readonly string[]): Migration[] | { unknown: string } {
  const unknown = applied.find((name) => !known.some((one) => one.name === name));
  return unknown === undefined ? known.filter(({ name }) => !applied.includes(name)) : { unknown };
}

/**
 * Applies what is missing in one database and returns how many files that were. Changes nothing and returns the name
 * when a file is applied that `known` does not have.
 */
export async function migrate(
  control: Pick<Control, "sql">,
  database: string,
  known: readonly Migration[],
): Promise<number | { unknown: string }> {
  const [, rows = []] = await control.sql(database, [
    plain(LEDGER),
    plain("SELECT name FROM d1_migrations ORDER BY id"),
  ]);
  const todo = pending(
    known,
    rows.map(({ name }) => String(name)),
  );
  if ("unknown" in todo) return todo;
  for (const { name, statements } of todo) {
    await control.sql(database, [
      ...statements.map(plain),
      { sql: "INSERT INTO d1_migrations(name) VALUES (?)", values: [name] },
    ]);
  }
  return todo.length;
}

const plain = (sql: string): Statement => ({ sql, values: [] });
