/**
 * Puts stand-ins where production code imports what only the platform has, or what would leave the simulation's clock and dice:
 *
 * - `cloudflare:workers` exists in workerd alone;
 * - the store in SQLite is replaced by one in memory that is proven equal;
 * - `jose` works in threads of its own, whose end no clock of ours decides;
 * - `uuidv7` throws the real dice, and a seed would not repeat.
 *
 * Everything else of the objects, their consumers and sweeps runs as it is deployed. Import this file first; it needs Node's own
 * loader, so what it serves runs as `node <file>` and not inside a test runner.
 */
import { registerHooks } from "node:module";

const beside = (file: string) => new URL(file, import.meta.url).href;
const STORE = new URL("../../../durable-objects/kit/store.ts", import.meta.url).href;

const BY_NAME: Readonly<Record<string, string>> = {
  "cloudflare:workers": beside("cloudflare-workers.ts"),
  jose: beside("jose.ts"),
  uuidv7: beside("uuidv7.ts"),
};

registerHooks({
  resolve(specifier, context, next) {
    const standIn = BY_NAME[specifier];
    if (standIn !== undefined) return { url: standIn, shortCircuit: true };
    const found = next(specifier, context);
    return found.url === STORE ? { ...found, url: beside("memory-store.ts") } : found;
  },
});
