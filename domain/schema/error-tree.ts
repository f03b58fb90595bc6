/**
 * What is wrong with values, in the form in which pages show it: by property and index, as deep as it lies.
 *
 * [DO44] What is wrong with a value as a whole is a sentence at its place; several of one place stand beside each other.
 */
export type ErrorTree = (string | { property: string; errors: ErrorTree } | { index: number; errors: ErrorTree })[];

/** Where something is wrong, as names and indexes from the root, and what. */
interface Fault {
  path: readonly string[];
  message: string;
}

/** The tree of some faults. */
export function errorTree(faults: readonly Fault[]): ErrorTree {
  const root: ErrorTree = [];
  for (const { path, message } of faults) {
    let errors = root;
    for (const part of path) errors = below(errors, part);
    errors.push(message);
  }
  return root;
}

function below(errors: ErrorTree, part: string): ErrorTree {
  const index = /^\d+$/.test(part) ? Number(part) : null;
  const known = errors.find(
    (one) => typeof one === "object" && ("index" in one ? one.index === index : one.property === part),
  );
  if (typeof known === "object") return known.errors;
  const made: ErrorTree = [];
  errors.push(index === null ? { property: part, errors: made } : { index, errors: made });
  return made;
}
