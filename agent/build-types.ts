/**
 * Writes the types that are published: the declarations that `sdk/index.ts` reaches, and no more, so that a user's compiler
 * meets nothing of this repository's private packages.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

const AGENT = import.meta.dirname;
const ROOT = dirname(AGENT);
const OUTPUT = join(AGENT, "dist/types");

const all = mkdtempSync(join(tmpdir(), "millrace-types-"));
try {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "false", "--emitDeclarationOnly", "--declaration", "--outDir", all, "--rootDir", ROOT];
  // What comes through a package is not emitted with the rest: each room has its own turn.
  for (const room of [AGENT, join(ROOT, "domain")]) {
    execFileSync(process.execPath, [compiler, "-p", join(room, "tsconfig.json"), ...options], { stdio: "inherit" });
  }
  await copyReached("agent/sdk/index");
} finally {
  rmSync(all, { recursive: true });
}

/** Copies a module's declarations and those of all that they import. Paths are without ending, from the repository's root. */
async function copyReached(start: string): Promise<void> {
  const waiting = [start];
  const done = new Set<string>();
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (done.has(module)) continue;
    done.add(module);
    const text = readFileSync(join(all, `${module}.d.ts`), "utf8").replace(
      /(from |import\()"([^"]+)\.ts"/g,
      (_, before, path) => {
        const reached = path.startsWith("@millrace/")
          ? path.slice("@millrace/".length)
          : join(dirname(module as string), path);
        waiting.push(reached);
        return `${before}"${specifier(module as string, reached)}"`;
      },
    );
    const target = join(OUTPUT, `${published(module)}.d.ts`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** Where a module's types lie in the package. */
function published(module: string): string {
  return module.replace(/^agent\//, "");
}

function specifier(from: string, to: string): string {
  const path = relative(dirname(published(from)), published(to));
  return `${path.startsWith(".") ? path : `./${path}`}.js`;
}
