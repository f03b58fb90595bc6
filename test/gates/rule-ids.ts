/**
 * The gate between promises and tests: every promise of a SPEC.md has a test whose title begins with its id, and every
 * id in a title is a promise somewhere.
 *
 * A promise is a list line of a SPEC.md, `- **FR7** A run does not start before it is due.`; the next lines may continue
 * it. A title is any string of a `*.test.ts` file that begins with `[FR7]`, or with several: `[FR7] [FR9] …`. Ids are
 * one to three capitals and a number, and unique over the repository. Other lines of a SPEC.md may cite `[FR7]`.
 */
export interface TextFile {
  path: string;
  text: string;
}

const PROMISE = /^\s*[-*] \*\*([A-Z]{1,3}\d+)\*\*(?=\s)/;
const NEARLY = /^\s*[-*] (?:\*\*)?\[([A-Z]{1,3}\d+)\]/;
const CITED = /\[([A-Z]{1,3}\d+)\]/g;
const TITLE = /["'`]((?:\[[A-Z]{1,3}\d+\] ?)+)/g;

/** Problems as sentences that begin with `file:line`; none when promises and tests agree. */
export function ruleIdProblems(specs: readonly TextFile[], tests: readonly TextFile[]): string[] {
  const problems: string[] = [];
  const promised = new Map<string, string>();
  const cited: { id: string; at: string }[] = [];
  for (const { path, text } of specs) {
    for (const [index, line] of text.split("\n").entries()) {
      const at = `${path}:${index + 1}`;
      const id = PROMISE.exec(line)?.[1];
      const nearly = NEARLY.exec(line)?.[1];
      if (id !== undefined) {
        const before = promised.get(id);
        if (before === undefined) promised.set(id, at);
        else problems.push(`${at}: ${id} is promised already at ${before}; give one of them another number`);
      } else if (nearly !== undefined) {
        problems.push(`${at}: write the promise as «- **${nearly}** …», so that it counts as one`);
        continue;
      }
      for (const match of line.matchAll(CITED)) cited.push({ id: match[1] as string, at });
    }
  }
  const tested = new Set<string>();
  for (const { path, text } of tests) {
    for (const [index, line] of text.split("\n").entries()) {
      for (const title of line.matchAll(TITLE)) {
        for (const match of (title[1] as string).matchAll(CITED)) {
          const id = match[1] as string;
          tested.add(id);
          if (!promised.has(id)) problems.push(`${path}:${index + 1}: [${id}] is no promise of any SPEC.md`);
        }
      }
    }
  }
  for (const { id, at } of cited)
    if (!promised.has(id)) problems.push(`${at}: cites [${id}], which no SPEC.md promises`);
  for (const [id, at] of promised) if (!tested.has(id)) problems.push(`${at}: no test's title begins with [${id}]`);
  return problems;
}
