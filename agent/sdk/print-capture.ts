/** `logPrints`: what a flow or task writes with `console` becomes its log. Everything else on the console stays there. */
import { createRequire } from "node:module";
import type * as Util from "node:util";
import type { Logger } from "./logger.ts";
import { currentScope, type Scope } from "./scope.ts";

const LEVEL_OF = { log: "info", info: "info", debug: "debug", warn: "warn", error: "error" } as const;

let installed = false;

/** Puts itself between `console` and the code; once per process, and only when a flow or task wants it. */
export function capturePrints(): void {
  if (installed) return;
  installed = true;
  // Only who captures prints pays for this module.
  const { format } = createRequire(import.meta.url)("node:util") as typeof Util;
  for (const [method, level] of Object.entries(LEVEL_OF) as [keyof typeof LEVEL_OF, keyof Logger][]) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]) => {
      const scope: Scope | undefined = currentScope();
      if (scope?.logPrints) scope.log[level](format(...args));
      else original(...args);
    };
  }
}
