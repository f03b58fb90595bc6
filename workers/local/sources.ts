/** A fingerprint of source files, by content: a checkout changes times, not what is built. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Folders that hold no source. */
const SKIPPED = new Set(["node_modules", "dist", ".svelte-kit", ".wrangler", "test-output", "meta"]);

/** Paths of all files in `paths` (files or folders, relative to `root`), sorted; tests and built things left out. */
export function sourceFiles(root: string, paths: readonly string[], skip: readonly string[] = []): string[] {
  const found: string[] = [];
  const visit = (path: string) => {
    if (skip.includes(path)) return;
    const full = join(root, path);
    if (!statSync(full).isDirectory()) {
      if (!path.endsWith(".test.ts")) found.push(path);
      return;
    }
    for (const entry of readdirSync(full)) if (!SKIPPED.has(entry)) visit(join(path, entry));
  };
  for (const path of paths) visit(path);
  return found.sort();
}

/** The same for the same names and contents. */
export function fingerprint(root: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest("hex");
}
