/** The pieces of a Jinja template: text is passed by, tags come as the tokens that stand in them. */

/** A template that cannot be read. Lines count from 1. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

export type TokenKind = "name" | "number" | "text" | "sign" | "begin" | "end" | "done";

export interface Token {
  kind: TokenKind;
  /** Of a sign itself; of a tag's begin and end `{{`, `{%`, `}}` or `%}`. */
  text: string;
  line: number;
}

const OPENING = /\{\{|\{%|\{#/g;
const RAW = /^\{%[-+]?\s*raw\s*-?%\}/;
const ENDRAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;
const PIECE =
  /(?<space>\s+)|(?<number>\d[\d_]*(?:\.\d[\d_]*)?(?:e[+-]?\d[\d_]*)?|0[xob][\da-f_]+)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<sign>\/\/|\*\*|==|!=|>=|<=|[-+*/%~[\](){}.,:|=<>;])/isuy;
const CLOSES: { readonly [opening: string]: string } = { "(": ")", "[": "]", "{": "}" };

/** All tokens of a template, with one of kind `done` at the end. Throws a SyntaxFault. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let [line, counted] = [1, 0];
  const lineAt = (at: number): number => {
    for (; counted < at; counted++) if (source[counted] === "\n") line += 1;
    return line;
  };
  let at = 0;
  for (;;) {
    OPENING.lastIndex = at;
    const opened = OPENING.exec(source);
    if (!opened) break;
    const begins = lineAt(opened.index);
    if (opened[0] === "{#") {
      const end = source.indexOf("#}", opened.index + 2);
      if (end < 0) throw new SyntaxFault(begins, "a comment is not closed: #} is missing");
      at = end + 2;
    } else if (RAW.test(source.slice(opened.index, opened.index + 200))) {
      ENDRAW.lastIndex = opened.index;
      if (!ENDRAW.exec(source)) throw new SyntaxFault(begins, "raw is not closed: {% endraw %} is missing");
      at = ENDRAW.lastIndex;
    } else at = readTag(source, { from: opened.index, opening: opened[0], lineAt, tokens });
  }
  // What is missing at the end is missed since the last tag.
  tokens.push({ kind: "done", text: "", line: tokens.at(-1)?.line ?? 1 });
  return tokens;
}

interface Tag {
  from: number;
  opening: string;
  lineAt: (at: number) => number;
  tokens: Token[];
}

/** Reads the tokens of one tag; answers where it ends. */
function readTag(source: string, { from, opening, lineAt, tokens }: Tag): number {
  const closing = opening === "{{" ? "}}" : "%}";
  tokens.push({ kind: "begin", text: opening, line: lineAt(from) });
  const open: string[] = [];
  let at = from + 2;
  if (source[at] === "-" || source[at] === "+") at += 1;
  for (;;) {
    const line = lineAt(at);
    const end = /^[-+]?/.exec(source.slice(at, at + 1))?.[0].length ?? 0;
    if (open.length === 0 && source.startsWith(closing, at + end)) {
      tokens.push({ kind: "end", text: closing, line });
      return at + end + 2;
    }
    PIECE.lastIndex = at;
    const match = PIECE.exec(source);
    if (!match) {
      if (at >= source.length) throw new SyntaxFault(line, `${opening} is not closed: ${closing} is missing`);
      throw new SyntaxFault(line, `"${source[at]}" is not expected in ${opening} ${closing}`);
    }
    at = PIECE.lastIndex;
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined) as [
      "space" | "number" | "name" | "text" | "sign",
      string,
    ];
    if (kind === "space") continue;
    if (kind === "sign") balance(text, open, line);
    tokens.push({ kind, text, line });
  }
}

function balance(sign: string, open: string[], line: number): void {
  const closes = CLOSES[sign];
  if (closes) open.push(closes);
  else if (")]}".includes(sign)) {
    const wanted = open.pop();
    if (wanted !== sign)
      throw new SyntaxFault(
        line,
        wanted ? `"${sign}" stands where "${wanted}" is missing` : `"${sign}" closes nothing`,
      );
  }
}
