/** The ledger of a run as it is deployed, or with a piece of its code, or of the rules below it, changed: what a bug is planted by. */
import { join } from "node:path";
import { Script } from "node:vm";
import { build } from "esbuild";
import type { Ledger } from "../../../durable-objects/flow-run/ledger.ts";

const ENTRY = join(import.meta.dirname, "../../../durable-objects/flow-run/ledger.ts");

/** Text of a bundle, from which many ledgers are made. */
export async function bundleLedger(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
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

/** The class of a bundle in which `instead` stands in the place of `piece`. Throws where the code has no such piece any more. */
export function ledgerOf(bundle: string, piece = "", instead = ""): typeof Ledger {
  if (!bundle.includes(piece)) throw new Error(`The code has no «${piece}» any more: plant the bug anew.`);
  const module = { exports: {} as { Ledger: typeof Ledger } };
  new Script(`(function (module, require) { ${bundle.replace(piece, () => instead)}\n})`).runInThisContext()(
    module,
    () => {
      throw new Error("The ledger of a run needs nothing of its surroundings.");
    },
  );
  return module.exports.Ledger;
}
