/** The repository's own files, without what is installed or generated. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TextFile } from "./rule-ids.ts";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

const NOT_OURS = new Set(["node_modules", "dist", ".git", ".svelte-kit", ".wrangler", ".millrace", "test-output"]);

/** Paths, relative to the root and in order, that satisfy `wanted`. */
export function files(wanted: (path: string) => boolean): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && wanted(path)) found.push(path);
    }
  };
  walk("");
  return found.sort();
}

export function readAll(paths: readonly string[]): TextFile[] {
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}
