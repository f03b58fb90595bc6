/**
 * The gate of the address book: durable-objects/addresses.ts alone turns (verified tenant, id) into an object. Whoever
 * could name an object elsewhere could name another tenant's.
 */
import type { TextFile } from "./rule-ids.ts";

const NAMES_AN_OBJECT = /\.\s*(idFromName|idFromString|getByName|newUniqueId)\s*\(/;

/** Lines that name an object outside the address book, as `file:line` sentences. */
export function addressProblems(sources: readonly TextFile[]): string[] {
  return sources
    .filter(({ path }) => path !== "durable-objects/addresses.ts")
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        const call = NAMES_AN_OBJECT.exec(line)?.[1];
        return call === undefined ? [] : [`${path}:${index + 1}: ${call}() belongs in durable-objects/addresses.ts`];
      }),
    );
}
