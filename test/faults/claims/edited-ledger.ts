/** The ledger of a run as it is deployed, or with a piece of its code, or of the rules below it, changed: what a bug is planted by. */
import { join } from "node:path";
import { Script } from "node:vm";
import { build } from "esbuild";
import type { Claims } from "../../../durable-objects/flow-run/claims.ts";
import type { Ledger } from "../../../durable-objects/flow-run/ledger.ts";
import type { Lifecycle } from "../../../durable-objects/flow-run/lifecycle.ts";

const ENTRY = `
export { Claims } from "./claims.ts";
export { Ledger } from "./ledger.ts";
export { Lifecycle } from "./lifecycle.ts";
`;
const FOLDER = join(import.meta.dirname, "../../../durable-objects/flow-run");

/** The ledger, and the calls over it that the model makes. */
export interface Classes {
  Claims: typeof Claims;
  Ledger: typeof Ledger;
  Lifecycle: typeof Lifecycle;
}

/** Text of a bundle, from which many ledgers are made. */
export async function bundleLedger(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: FOLDER, loader: "ts" },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "es2024",
    keepNames: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** The classes of a bundle in which `instead` stands in the place of `piece`. Throws where the code has no such piece any more. */
export function classesOf(bundle: string, piece = "", instead = ""): Classes {
  if (!bundle.includes(piece)) throw new Error(`The code has no «${piece}» any more: plant the bug anew.`);
  const module = { exports: {} as Classes };
  new Script(`(function (module, require) { ${bundle.replace(piece, () => instead)}\n})`).runInThisContext()(
    module,
    () => {
      throw new Error("The ledger of a run needs nothing of its surroundings.");
    },
  );
  return module.exports;
}
