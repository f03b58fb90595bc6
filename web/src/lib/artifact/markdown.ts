/**
 * Markdown that users wrote, as a tree of plain data: the page makes elements of it and never HTML of its text, so nothing in it
 * can run. HTML in it is text.
 *
 * MD1  Addresses are those of the web, or of mail; a picture's may also be its own bytes.
 * MD2  Headings begin at 1 and go down one level at a time, whatever the author chose.
 */
import { lexer, type MarkedToken, type Token } from "marked";
import { pictureAddressOf, webAddressOf } from "./artifact-data.ts";

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em" | "del"; of: Inline[] }
  | { kind: "link"; address: string; of: Inline[] }
  | { kind: "picture"; address: string; words: string }
  | { kind: "check"; on: boolean }
  | { kind: "break" };

export type Block =
  | { kind: "heading"; level: number; of: Inline[] }
  | { kind: "paragraph"; of: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "quote"; of: Block[] }
  | { kind: "list"; start: number | null; items: Block[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

/** Characters of a text that are shown. */
const LONGEST = 65_536;
/** Quotes and lists within one another beyond this are shown as they were written. */
const DEEPEST = 12;

/** The blocks of a text. One that no parser can bear is a single block of code. */
export function blocksOf(text: string): Block[] {
  const shown = text.slice(0, LONGEST);
  let level = 0;
  const headingLevel = (depth: number): number => {
    level = Math.min(depth, level + 1);
    return level;
  };
  try {
    return blocks(lexer(shown), headingLevel, 0);
  } catch {
    return [{ kind: "code", text: shown }];
  }
}

const blocks = (tokens: readonly Token[], level: (depth: number) => number, depth: number): Block[] =>
  tokens.flatMap((token) => block(token as MarkedToken, level, depth));

function block(token: MarkedToken, level: (depth: number) => number, depth: number): Block[] {
  if (depth > DEEPEST) return [{ kind: "code", text: token.raw }];
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading":
      return [{ kind: "heading", level: level(token.depth), of: inlines(token.tokens) }];
    case "code":
      return [{ kind: "code", text: token.text }];
    case "hr":
      return [{ kind: "rule" }];
    case "blockquote":
      return [{ kind: "quote", of: blocks(token.tokens, level, depth + 1) }];
    case "list":
      return [
        {
          kind: "list",
          start: token.ordered ? Number(token.start) : null,
          items: token.items.map(({ tokens }) => ticked(blocks(tokens, level, depth + 1))),
        },
      ];
    case "table":
      return [
        {
          kind: "table",
          head: token.header.map(({ tokens }) => inlines(tokens)),
          rows: token.rows.map((row) => row.map(({ tokens }) => inlines(tokens))),
        },
      ];
    default:
      return [{ kind: "paragraph", of: inline(token) }];
  }
}

/** The box of a task stands before its words, not above them. */
function ticked([first, second, ...rest]: Block[]): Block[] {
  if (first?.kind !== "paragraph" || first.of[0]?.kind !== "check" || second?.kind !== "paragraph")
    return [first, second, ...rest].filter((one) => one !== undefined);
  return [{ kind: "paragraph", of: [...first.of, ...second.of] }, ...rest];
}

const inlines = (tokens: readonly Token[] | undefined): Inline[] =>
  (tokens ?? []).flatMap((token) => inline(token as MarkedToken));

function inline(token: MarkedToken): Inline[] {
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return [{ kind: token.type, of: inlines(token.tokens) }];
    case "codespan":
      return [{ kind: "code", text: token.text }];
    case "br":
      return [{ kind: "break" }];
    case "checkbox":
      return [{ kind: "check", on: token.checked }];
    case "link": {
      const address = linkAddressOf(token.href);
      return address ? [{ kind: "link", address, of: inlines(token.tokens) }] : inlines(token.tokens);
    }
    case "image": {
      const address = pictureAddressOf(token.href);
      return [address ? { kind: "picture", address, words: token.text } : { kind: "text", text: token.raw }];
    }
    case "paragraph":
    case "text":
      return token.tokens ? inlines(token.tokens) : [{ kind: "text", text: decoded(token.text) }];
    case "escape":
      return [{ kind: "text", text: token.text }];
    default:
      return [{ kind: "text", text: token.raw }];
  }
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** A text with what stands for a character in place of its name. The parser leaves that to whoever writes HTML. */
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name) return NAMED[name.toLowerCase()] ?? whole;
    const point = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });

const linkAddressOf = (href: string): string | null => (/^mailto:[^\s?]+$/i.test(href) ? href : webAddressOf(href));
