/**
 * Templates that make JSON of a webhook's delivery. A template is JSON with holes, written as Jinja writes them:
 *
 *     { "order": {{ body.order.id }}, "title": "Order {{ body.order.id | upper }} of {{ body.customer | default("nobody") }}" }
 *
 * HO4  A hole writes its value as JSON, or as text where it stands within quotes: no value can end the place that it stands in.
 * HO5  Only the delivery's own values can be reached. What is not there is null, or nothing within quotes.
 * HO6  Work is counted in characters, and a template that would do more than a million ends.
 *
 * There are no statements, calls or operators: what cannot be written cannot loop (decision 8).
 */
import type { Json } from "../json.ts";

/** What a template may look into. */
export type Scope = { readonly [name: string]: Json };

/** Characters that one rendering may write and read. */
const MOST_WORK = 1_000_000;
/** Filters after one value. */
const MOST_FILTERS = 10;

/** A template that cannot be read, or a value that cannot be made. The message says where. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
}

type Part = { text: string } | { hole: Expression; quoted: boolean };
interface Expression {
  operand: Operand;
  filters: { name: string; argument: Json | null }[];
}
type Operand = { literal: Json } | { path: (string | number)[] };
/** A read template. */
export type Template = readonly Part[];

/** Reads a template, and tries whether JSON can come of it. Throws a TemplateFault. */
export function parseTemplate(source: string): Template {
  const parts: Part[] = [];
  let quoted = false;
  let at = 0;
  while (at < source.length) {
    const opening = /\{\{|\{%|\{#/g;
    opening.lastIndex = at;
    const match = opening.exec(source);
    const end = match?.index ?? source.length;
    const text = source.slice(at, end);
    parts.push({ text });
    quoted = quotedAfter(text, quoted);
    if (!match) break;
    if (match[0] === "{%")
      throw new TemplateFault(`line ${lineOf(source, end)}: statements ({% … %}) are not supported, only {{ … }}`);
    const [close, next] = closing(source, end, match[0]);
    if (match[0] === "{{")
      parts.push({ hole: readExpression(source.slice(end + 2, close), () => lineOf(source, end)), quoted });
    at = next;
  }
  if (quoted) throw new TemplateFault("a quote is not closed");
  return parts;
}

/** Where what was opened at `start` ends, and what comes after begins. Quotes within a hole hide its end. */
function closing(source: string, start: number, opened: string): [end: number, next: number] {
  const end = opened === "{#" ? source.indexOf("#}", start) : holeEnd(source, start + 2);
  if (end < 0) throw new TemplateFault(`line ${lineOf(source, start)}: ${opened} is not closed`);
  return [end, end + 2];
}

function holeEnd(source: string, from: number): number {
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\}\}/g;
  token.lastIndex = from;
  for (let match = token.exec(source); match; match = token.exec(source)) if (match[0] === "}}") return match.index;
  return -1;
}

/** Whether what follows the text stands within quotes of JSON. */
function quotedAfter(text: string, before: boolean): boolean {
  let quoted = before;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quoted) at++;
    else if (text[at] === '"') quoted = !quoted;
  }
  return quoted;
}

const lineOf = (source: string, at: number): number => source.slice(0, at).split("\n").length;

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_]\w*)|(?<number>-?\d+(?:\.\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<sign>[.[\]|()]))/y;

/** Reads `path | filter | filter(argument)`. */
function readExpression(source: string, line: () => number): Expression {
  const tokens: { kind: string; text: string }[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined) as [
      string,
      string,
    ];
    tokens.push({ kind, text });
    end = TOKEN.lastIndex;
  }
  const wrong = (what: string): never => {
    throw new TemplateFault(`line ${line()}: {{ ${source.trim()} }} ${what}`);
  };
  if (source.slice(end).trim() !== "") wrong(`has "${source.slice(end).trim()[0]}", which is not supported there`);
  let next = 0;
  const take = (text: string): boolean => {
    const taken = tokens[next]?.kind === "sign" && tokens[next]?.text === text;
    if (taken) next += 1;
    return taken;
  };
  const literal = (): { value: Json } | null => {
    const token = tokens[next];
    if (!token || token.kind === "sign") return null;
    if (token.kind === "name" && !(token.text in WORDS)) return null;
    next += 1;
    if (token.kind === "name") return { value: WORDS[token.text] as Json };
    return { value: token.kind === "number" ? Number(token.text) : unquoted(token.text) };
  };
  const name = (): string => {
    const token = tokens[next];
    if (token?.kind !== "name") return wrong("lacks a name");
    next += 1;
    return token.text;
  };
  const path = (): Operand => {
    const steps: (string | number)[] = [name()];
    for (;;) {
      if (take(".")) {
        const step = tokens[next];
        if (step?.kind === "number" && /^\d+$/.test(step.text)) {
          next += 1;
          steps.push(Number(step.text));
        } else steps.push(name());
      } else if (take("[")) {
        const step = literal()?.value;
        if ((typeof step !== "string" && typeof step !== "number") || !take("]"))
          return wrong("has [ without an index");
        steps.push(step);
      } else return { path: steps };
    }
  };
  const start = literal();
  const operand: Operand = start ? { literal: start.value } : path();
  const filters: Expression["filters"] = [];
  while (take("|")) {
    const filter = name();
    if (!Object.hasOwn(FILTERS, filter))
      wrong(`has no filter "${filter}"; there are ${Object.keys(FILTERS).join(", ")}`);
    let argument: Json | null = null;
    if (take("(")) {
      argument = literal()?.value ?? null;
      if (!take(")")) wrong("lacks a )");
    }
    filters.push({ name: filter, argument });
  }
  if (filters.length > MOST_FILTERS) wrong(`has more than ${MOST_FILTERS} filters`);
  if (next < tokens.length) wrong(`has "${tokens[next]?.text}", which is not supported there`);
  return { operand, filters };
}

const WORDS: { readonly [word: string]: Json } = Object.assign(Object.create(null), {
  ...{ true: true, True: true, false: false, False: false, none: null, None: null, null: null },
});

function unquoted(text: string): string {
  const bare = text.slice(1, -1);
  return bare.replace(/\\(.)/gs, (_, letter: string) => ({ n: "\n", t: "\t", r: "\r" })[letter] ?? letter);
}

/** Fills the holes of a template; answers the JSON that comes of it. Throws a TemplateFault. */
export function renderTemplate(template: Template, scope: Scope): Json {
  const work = new Work();
  let text = "";
  for (const part of template) {
    const piece = "text" in part ? part.text : written(evaluate(part.hole, scope, work), part.quoted, work);
    work.spend(piece.length);
    text += piece;
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new TemplateFault(`what the template makes is no JSON: ${(error as Error).message}`);
  }
}

class Work {
  #left = MOST_WORK;

  spend(characters: number): void {
    this.#left -= characters;
    if (this.#left < 0) throw new TemplateFault(`the template makes more than ${MOST_WORK} characters`);
  }
}

function written(value: Json | undefined, quoted: boolean, work: Work): string {
  if (!quoted) return jsonOf(value, work);
  const text = textOf(value, work);
  work.spend(text.length);
  return JSON.stringify(text).slice(1, -1);
}

function jsonOf(value: Json | undefined, work: Work): string {
  const text = JSON.stringify(value ?? null);
  work.spend(text.length);
  return text;
}

/** A value within quotes: text as it is, nothing for what is not there, other values as JSON. */
const textOf = (value: Json | undefined, work: Work): string => {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : jsonOf(value, work);
};

function evaluate({ operand, filters }: Expression, scope: Scope, work: Work): Json | undefined {
  let value = "literal" in operand ? operand.literal : reached(scope, operand.path);
  for (const { name, argument } of filters) value = FILTERS[name]?.(value, argument, work);
  return value;
}

function reached(scope: Scope, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = scope as Json;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value)) value = typeof step === "number" ? value.at(step) : undefined;
    else value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

type Filter = (value: Json | undefined, argument: Json | null, work: Work) => Json | undefined;

const onText =
  (change: (text: string) => string): Filter =>
  (value, _argument, work) => {
    const text = textOf(value, work);
    work.spend(text.length);
    return change(text);
  };

const number = (value: Json | undefined, read: (text: string) => number): number => {
  const found = typeof value === "number" ? value : read(String(value ?? ""));
  return Number.isFinite(found) ? found : 0;
};

const sizeOf = (value: Json | undefined): number => {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
};

/** The filters of Jinja that a delivery's values need; none makes more than it was given. */
const FILTERS: { readonly [name: string]: Filter } = {
  default: (value, argument) => (value === undefined || value === null ? argument : value),
  tojson: (value, _argument, work) => {
    // Kept as a value: outside quotes it is written as JSON anyway, and within them as the JSON's text.
    work.spend(sizeOf(value));
    return value ?? null;
  },
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  trim: onText((text) => text.trim()),
  string: onText((text) => text),
  int: (value) => Math.trunc(number(value, Number)),
  float: (value) => number(value, Number),
  length: (value, _argument, work) => {
    const size = sizeOf(value);
    work.spend(size);
    return size;
  },
  first: (value) => (typeof value === "string" ? value[0] : Array.isArray(value) ? value[0] : undefined),
  last: (value) => (typeof value === "string" || Array.isArray(value) ? value.at(-1) : undefined),
};
