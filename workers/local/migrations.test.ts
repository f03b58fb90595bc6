import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import type { Control } from "./control.ts";
import { migrate, pending, statementsOf } from "./migrations.ts";

/** A database that does what D1 does with a batch: one transaction, rows of each statement. */
function database(): Pick<Control, "sql"> & { names(): unknown[] } {
  const sqlite = new DatabaseSync(":memory:");
  return {
    async sql(_name, statements) {
      sqlite.exec("BEGIN");
      try {
        const rows = statements.map(({ sql, values }) => sqlite.prepare(sql).all(...(values as SQLInputValue[])));
        sqlite.exec("COMMIT");
        return rows;
      } catch (error) {
        sqlite.exec("ROLLBACK");
        throw error;
      }
    },
    names: () =>
      sqlite
        .prepare("SELECT name FROM d1_migrations ORDER BY id")
        .all()
        .map(({ name }) => name),
  };
}

const first = { name: "0000_a.sql", statements: ["CREATE TABLE a (x)", "CREATE TABLE b (x)"] };
const second = { name: "0001_b.sql", statements: ["ALTER TABLE a ADD COLUMN y"] };

test("[LO8] each file is applied once, in order", async () => {
  const one = database();
  expect(await migrate(one, "D", [first])).toBe(1);
  expect(await migrate(one, "D", [first, second])).toBe(1);
  expect(await migrate(one, "D", [first, second])).toBe(0);
  expect(one.names()).toEqual([first.name, second.name]);
});

test("[LO8] a file that fails leaves nothing of itself, and is tried again", async () => {
  const one = database();
  const broken = { name: "0001_b.sql", statements: ["CREATE TABLE c (x)", "CREATE TABLE a (x)"] };
  await expect(migrate(one, "D", [first, broken])).rejects.toThrow("already exists");
  expect(one.names()).toEqual([first.name]);
  expect(await migrate(one, "D", [first, { ...second, statements: ["CREATE TABLE c (x)"] }])).toBe(1);
});

test("[LO7] a database with a migration from the future is left as it is", async () => {
  const one = database();
  await migrate(one, "D", [first, second]);
  const newer = { name: "0002_c.sql", statements: ["CREATE TABLE d (x)"] };
  await migrate(one, "D", [first, second, newer]);
  expect(await migrate(one, "D", [first, second])).toEqual({ unknown: newer.name });
  expect(one.names()).toEqual([first.name, second.name, newer.name]);
});

test("[LO8] what is pending keeps its order", () => {
  expect(pending([first, second], [])).toEqual([first, second]);
  expect(pending([first, second], [first.name])).toEqual([second]);
  expect(pending([first], [first.name, "x"])).toEqual({ unknown: "x" });
});

test("[LO8] statements are divided where the generator divides them", () => {
  expect(
    statementsOf("CREATE TABLE a (x);\n--> statement-breakpoint\nCREATE INDEX i ON a (x);--> statement-breakpoint\n"),
  ).toEqual(["CREATE TABLE a (x);", "CREATE INDEX i ON a (x);"]);
});
