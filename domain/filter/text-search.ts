/**
 * The query language of log search: words, of which one must occur; `-word` or `!word`, which must not; `+word`, which
 * must. "Quoted phrases" count as one word and may hold `\"` and `\\`. A sign with a space behind it says nothing.
 */
export interface TextSearch {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly require: readonly string[];
}

const TERM = /(?:([-!+])|(?![-!+]))(?:"((?:\\[\s\S]|[^"\\])*\\?)(?:"|$)|([^\s"]+))/gu;

/** What `query` asks for, in lower case. */
export function parseTextSearch(query: string): TextSearch {
  const include: string[] = [];
  const exclude: string[] = [];
  const require: string[] = [];
  for (const [, sign, phrase, word] of query.toLowerCase().matchAll(TERM)) {
    const term = phrase?.replace(/\\(["\\])/g, "$1") ?? word ?? "";
    if (term.trim() === "") continue;
    (sign === "+" ? require : sign ? exclude : include).push(term);
  }
  return { include, exclude, require };
}
