/** Bundling for workerd. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** One ES module for workerd of `entry` and all it imports. */
export async function bundle(entry: string, output: string): Promise<void> {
  if (!existsSync(entry)) throw new Error(`There is no ${entry}.`);
  mkdirSync(dirname(output), { recursive: true });
  // Loaded only when something is built: a server that finds everything built needs neither its time nor its memory.
  const { build } = await import("esbuild");
  await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import", "module", "default"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
}
