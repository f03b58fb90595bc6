/**
 * Builds what the service runs, each part only when its sources changed since it was built last.
 * `npm run build` and the preparation after `npm ci` come here, and every start, which then finds nothing to do.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { lock } from "./folder-lock.ts";
import { PARTS, type Part } from "./parts.ts";
import { DIST, ROOT } from "./paths.ts";
import { readIfThere, writePrivately } from "./private-file.ts";
import { StartProblem } from "./problem.ts";
import { fingerprint, sourceFiles } from "./sources.ts";

/** Milliseconds for another process's build to end. */
const PATIENCE = 180_000;

const stampOf = (part: Part) => join(DIST, "stamps", part.name);

function stale(names: readonly string[]): { part: Part; stamp: string }[] {
  return PARTS.filter(({ name }) => names.includes(name))
    .map((part) => ({ part, stamp: fingerprint(ROOT, sourceFiles(ROOT, part.sources, part.skip)) }))
    .filter(({ part, stamp }) => !existsSync(part.output) || readIfThere(stampOf(part)) !== stamp);
}

/** Builds those of the named parts that are not up to date. `say` hears which. */
async function build(names: readonly string[], say: (line: string) => void): Promise<void> {
  mkdirSync(join(DIST, "stamps"), { recursive: true });
  const held = lock(join(DIST, "lock"), PATIENCE);
  if (!("release" in held))
    throw new StartProblem(
      `Process ${held.holder} has been building for ${PATIENCE / 1000} s: end it, then start again.`,
    );
  try {
    // Looked at under the lock: another process may have built them while this one waited.
    await Promise.all(
      stale(names).map(async ({ part, stamp }) => {
        say(`building the ${part.name}`);
        rmSync(stampOf(part), { force: true });
        await part.build().catch((error: unknown) => {
          throw new StartProblem(
            `The ${part.name} could not be built. ${error instanceof Error ? error.message : error}`,
          );
        });
        writePrivately(stampOf(part), stamp);
      }),
    );
  } finally {
    held.release();
  }
}

/**
 * Resolves when every named part is built from the present sources. A build runs in a process of its own: what it needs
 * of memory is given back before the server starts.
 */
export function ensureBuilt(names: readonly string[], say: (line: string) => void): Promise<void> {
  if (stale(names).length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [import.meta.filename, ...names], { stdio: ["ignore", "pipe", "pipe"] });
    createInterface({ input: child.stdout }).on("line", say);
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new StartProblem(complaint.trimEnd() || `The build ended with ${code}.`));
    });
  });
}

if (process.argv[1] === import.meta.filename) {
  const words = process.argv.slice(2);
  const names = words.filter((word) => !word.startsWith("--"));
  try {
    await build(names.length > 0 ? names : PARTS.map(({ name }) => name), console.log);
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    console.error(error.message);
    // After an install the tree may be one that does not build yet; the start builds again and says why.
    process.exitCode = words.includes("--tolerant") ? 0 : 1;
  }
}
