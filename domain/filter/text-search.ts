/**
 * The query language of log search: words, of which one must occur; `-word` or `!word`, which must not; `+word`, which
 * must. "Quoted phrases" count as one word and may hold `\"` and `\\`. A sign with a space behind it says nothing.
 */
import type { Condition } from "./condition.ts";

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

/**
 * What `query` asks of `text`. The three kinds of words are conditions of their own, which matters where a filter is
 * satisfied by any of its conditions.
 */
export function searched(query: string, text: string): Condition[] {
  const { include, exclude, require } = parseTextSearch(query);
  const lower = text.toLowerCase();
  const occurs = (term: string): boolean => lower.includes(term);
  return [
    include.length > 0 ? include.some(occurs) : null,
    exclude.length > 0 ? !exclude.some(occurs) : null,
    require.length > 0 ? require.every(occurs) : null,
  ];
}
