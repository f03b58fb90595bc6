/**
 * Builds what is published: `node build.ts`. The private packages of this repository and all small libraries are bundled in, so
 * that an install brings esbuild and nothing else.
 *
 *   dist/cli/     the command line, a chunk for each command
 *   dist/runner/  the bootstrap of a run's process, one file
 *   dist/sdk/     what programs import, with chunks for what only a terminal needs
 */
import { chmod, rm } from "node:fs/promises";
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
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

await rm(`${import.meta.dirname}/dist`, { recursive: true, force: true });
await Promise.all([
  build({
    ...COMMON,
    entryPoints: { "cli/main": "cli/main.ts" },
    outdir: "dist",
    splitting: true,
    chunkNames: "cli/[name]-[hash]",
    banner: { js: REQUIRE },
  }),
  build({ ...COMMON, entryPoints: { "runner/child": "runner/child.ts" }, outdir: "dist" }),
  build({
    ...COMMON,
    entryPoints: { "sdk/index": "sdk/index.ts" },
    outdir: "dist",
    splitting: true,
    chunkNames: "sdk/[name]-[hash]",
    minifyWhitespace: false,
  }),
]);
await chmod(`${import.meta.dirname}/dist/cli/main.js`, 0o755);
