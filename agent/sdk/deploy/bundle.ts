/**
 * A flow's code as one file: everything that it imports, its own copy of the SDK included, so that a run does tomorrow what it
 * did today. The same sources give the same bytes, whatever folder they lie in.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildFailure, Message, Plugin } from "esbuild";
import { SettingsError } from "../errors.ts";

export interface Bundle {
  bytes: Uint8Array;
  sha256: string;
  /** Name of the bundle in an entrypoint: the source's with `.mjs`. */
  file: string;
}

export interface BundleOptions {
  external?: readonly string[];
  /** For a run by an agent: the ways to start a run by hand, and to deploy, are left out. */
  hosted: boolean;
}

/**
 * What ES modules do not have and bundled CommonJS packages ask for. On `globalThis`, where it is in nobody's way: a flow may
 * declare a `require` or `__dirname` of its own.
 */
const BANNER = [
  'import { createRequire as millrace$createRequire } from "node:module";',
  "globalThis.require ??= millrace$createRequire(import.meta.url);",
  "globalThis.__filename ??= import.meta.filename;",
  "globalThis.__dirname ??= import.meta.dirname;",
].join(" ");

/** A source map of one line, which is what the bundler takes for a file's own. */
const NO_LINES = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from('{"version":3,"sources":["library"],"mappings":"AAAA"}').toString("base64")}`;
/** Where this package lies, as source and built: its JavaScript is the published SDK. */
const OWN = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Leaves the lines of libraries, and of this one, out of the bundle's source map: it is parsed at the start of every run, and
 * people look for their own lines in a stack.
 */
const libraryLinesLeftOut: Plugin = {
  name: "library-lines-left-out",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?js$/ }, async ({ path }) => {
      if (!path.includes(`${sep}node_modules${sep}`) && !path.startsWith(OWN)) return undefined;
      return { contents: (await readFile(path, "utf8")) + NO_LINES, loader: "js" };
    });
  },
};

/** Bundles `file`. Throws a SettingsError with the compiler's own messages where that cannot be done. */
export async function bundleFile(file: string, options: BundleOptions): Promise<Bundle> {
  const path = resolve(file);
  if (!existsSync(path)) throw new SettingsError(`There is no file ${file}.`);
  const root = projectRoot(path);
  const { build } = await import("esbuild");
  let outputs: Awaited<ReturnType<typeof build>>["outputFiles"];
  try {
    const result = await build({
      entryPoints: [relative(root, path)],
      absWorkingDir: root,
      bundle: true,
      write: false,
      outdir: "bundle",
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "inline",
      // Stacks need the lines alone; the texts would be parsed at the start of every run.
      sourcesContent: false,
      sourceRoot: "",
      keepNames: true,
      minifySyntax: true,
      legalComments: "none",
      logLevel: "silent",
      external: [...(options.external ?? [])],
      define: options.hosted ? { "globalThis.MILLRACE_HOSTED": "true" } : {},
      banner: { js: BANNER },
      plugins: [libraryLinesLeftOut],
    });
    outputs = result.outputFiles;
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (!Array.isArray(errors)) throw error;
    throw new SettingsError(`${file} cannot be bundled:\n${errors.map(readableMessage).join("\n")}`);
  }
  const bytes = outputs?.[0]?.contents;
  if (!bytes) throw new SettingsError(`${file} gave an empty bundle.`);
  const name = basename(path, extname(path));
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex"), file: `${name}.mjs` };
}

function readableMessage({ text, location }: Message): string {
  const hint = text.includes('".node"')
    ? " Name its package in `external` (--external), and install it where the agent runs."
    : "";
  return `  ${location ? `${location.file}:${location.line}:${location.column}: ` : ""}${text}${hint}`;
}

/** The folder of the nearest package.json, from which paths in the bundle are counted. */
function projectRoot(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(resolve(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return dirname(path);
  }
}
