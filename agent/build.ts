/**
 * Builds what is published: `node build.ts`. The private packages of this repository and all small libraries are bundled in, so
 * that an install brings esbuild and nothing else.
 *
 *   dist/cli/     the command line, a chunk for each command
 *   dist/runner/  the bootstrap of a run's process, one file for Node and one for Python
 *   dist/sdk/     what programs import, with chunks for what only a terminal needs
 */
import { existsSync } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

const COMMON: BuildOptions = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "external",
  external: ["esbuild", "bufferutil", "utf-8-validate"],
  logLevel: "warning",
};
/** For the CommonJS packages inside. */
const REQUIRE =
  'import { createRequire as millrace$createRequire } from "node:module"; const require = millrace$createRequire(import.meta.url);';

/** Built aside and put in place at once: others may run what is there. */
const place = join(import.meta.dirname, "dist");
const aside = join(import.meta.dirname, "..", "dist", `agent-${process.pid}`);
const old = `${aside}-old`;

await Promise.all([
  build({
    ...COMMON,
    entryPoints: { "cli/main": "cli/main.ts" },
    outdir: aside,
    splitting: true,
    chunkNames: "cli/[name]-[hash]",
    banner: { js: REQUIRE },
  }),
  build({ ...COMMON, entryPoints: { "runner/child": "runner/child.ts" }, outdir: aside }),
  build({
    ...COMMON,
    entryPoints: { "sdk/index": "sdk/index.ts" },
    outdir: aside,
    splitting: true,
    chunkNames: "sdk/[name]-[hash]",
    minifyWhitespace: false,
  }),
]);
await copyFile(join(import.meta.dirname, "runner/waiting.py"), join(aside, "runner/waiting.py"));
if (existsSync(place)) await rename(place, old);
await rename(aside, place);
await rm(old, { recursive: true, force: true });
