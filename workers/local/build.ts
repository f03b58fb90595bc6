/**
 * Builds what the service runs, each part only when its sources changed since it was built last.
 * `npm run build` and the preparation after `npm ci` come here, and every start, which then finds nothing to do.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lock } from "./folder-lock.ts";
import { PARTS, type Part } from "./parts.ts";
import { DIST, ROOT } from "./paths.ts";
import { readIfThere, writePrivately } from "./private-file.ts";
import { StartProblem } from "./problem.ts";
import { fingerprint, sourceFiles } from "./sources.ts";

/** Milliseconds for another process's build to end. */
const PATIENCE = 180_000;

const stampOf = (part: Part) => join(DIST, "stamps", part.name);

function stale(parts: readonly Part[]): { part: Part; stamp: string }[] {
  return parts
    .map((part) => ({ part, stamp: fingerprint(ROOT, sourceFiles(ROOT, part.sources, part.skip)) }))
    .filter(({ part, stamp }) => !existsSync(part.output) || readIfThere(stampOf(part)) !== stamp);
}

/** Resolves when every named part is built from the present sources. `say` hears which are being built. */
export async function ensureBuilt(names: readonly string[], say: (line: string) => void): Promise<void> {
  const parts = PARTS.filter(({ name }) => names.includes(name));
  if (stale(parts).length === 0) return;
  mkdirSync(join(DIST, "stamps"), { recursive: true });
  const held = lock(join(DIST, "lock"), PATIENCE);
  if (!("release" in held))
    throw new StartProblem(
      `Process ${held.holder} has been building for ${PATIENCE / 1000} s: end it, then start again.`,
    );
  try {
    // Another process may have built them while this one waited.
    await Promise.all(
      stale(parts).map(async ({ part, stamp }) => {
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

if (process.argv[1] === import.meta.filename) {
  try {
    await ensureBuilt(
      PARTS.map(({ name }) => name),
      console.log,
    );
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    console.error(error.message);
    // After an install the tree may be one that does not build yet; the start builds again and says why.
    process.exitCode = process.argv.includes("--tolerant") ? 0 : 1;
  }
}
