/**
 * The gate of migrations: the SQL beside each Drizzle schema is what drizzle-kit makes of it. The tool works on a copy,
 * so the gate leaves nothing behind; the copy is inside the tree, since the tool takes `--out` for relative.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "./tree.ts";

const sqlFiles = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();

/** What is wrong with the migrations of `database`, or nothing. */
function sqlProblems(database: string): string[] {
  const source = join(ROOT, "migrations", database);
  mkdirSync(join(ROOT, "test-output"), { recursive: true });
  const work = mkdtempSync(join(ROOT, "test-output/sql-"));
  try {
    const copy = join(work, database);
    cpSync(source, copy, { recursive: true });
    const kit = join(ROOT, "node_modules/drizzle-kit/bin.cjs");
    const args = [
      "generate",
      "--dialect",
      "sqlite",
      "--schema",
      join(source, "schema.ts"),
      "--out",
      relative(ROOT, copy),
      "--name",
      "missing",
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, [kit, ...args], { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) return [`drizzle-kit failed for migrations/${database}:`, stdout, stderr];
    const before = new Set(sqlFiles(source));
    return sqlFiles(copy)
      .filter((name) => !before.has(name))
      .map((name) => `migrations/${database}/schema.ts says more than its SQL: run npm run sql (it would add ${name})`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const databases = ["directory", "shard"].filter((name) => existsSync(join(ROOT, "migrations", name, "schema.ts")));
const problems = databases.flatMap(sqlProblems);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
