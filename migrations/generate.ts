/**
 * Makes the SQL of a schema change: `node migrations/generate.ts <name>`.
 *
 * drizzle-kit writes the statements; new tables are then clustered on their key, which it cannot say itself.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const name = process.argv[2];
if (!name) throw new Error("Name the change: node migrations/generate.ts add-pool-priority");

for (const database of ["directory", "shard"]) {
  const folder = `migrations/${database}`;
  const before = new Set(readdirSync(folder));
  execFileSync("drizzle-kit", ["generate", "--config", `${folder}/drizzle.config.ts`, "--name", name], {
    stdio: "inherit",
  });
  for (const file of readdirSync(folder)) {
    if (before.has(file) || !file.endsWith(".sql")) continue;
    const sql = readFileSync(`${folder}/${file}`, "utf8");
    writeFileSync(`${folder}/${file}`, sql.replaceAll(/^\);/gm, ") WITHOUT ROWID;"));
  }
}
