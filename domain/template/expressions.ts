/** Expressions of Jinja: whether tokens are one. What they would make is not asked. */
import { SyntaxFault, type Token, type TokenKind } from "./tokens.ts";

/** How deep expressions may stand in one another. */
const DEEPEST = 100;

const COMPARES = new Set(["==", "!=", "<", "<=", ">", ">="]);
const SUMS = new Set(["+", "-", "~"]);
const PRODUCTS = new Set(["*", "/", "//", "%"]);
/** Words that are no names. */
const OPERATORS = new Set(["and", "or", "not", "in", "is", "if", "else"]);

/** What a token is called where it is missed. */
const CALLED: { readonly [Kind in TokenKind]: string } = {
  ...{ name: "a name", number: "a number", text: "a text", sign: "a sign" },
  ...{ begin: "a tag", end: "the end of the tag", done: "the end of the template" },
};

/** Reads tokens one after another. */
export class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** Takes the next token if it is this one. */
  take(kind: TokenKind, ...texts: string[]): Token | null {
    const { next } = this;
    if (next.kind !== kind || (texts.length > 0 && !texts.includes(next.text))) return null;
    this.#at += 1;
    return next;
  }

  word = (...texts: string[]): Token | null => this.take("name", ...texts);
  sign = (...texts: string[]): Token | null => this.take("sign", ...texts);

  need(kind: TokenKind, text?: string): Token {
    return this.take(kind, ...(text === undefined ? [] : [text])) ?? this.fail(text ?? CALLED[kind]);
  }

  /** Something else was expected. */
  fail(expected: string): never {
    const { kind, text, line } = this.next;
    const found = kind === "done" || kind === "end" ? CALLED[kind] : `"${text}"`;
    throw new SyntaxFault(line, `expected ${expected}, found ${found}`);
  }

  /** A tuple or a single expression; `bare`: without conditions, as the list of a loop is; `empty`: or nothing at all. */
  tuple({ bare = false, empty = false } = {}): void {
    let isFirst = true;
    do {
      if (!(isFirst && !empty) && this.#endsTuple()) return;
      isFirst = false;
      if (bare) this.#or();
      else this.expression();
    } while (this.sign(","));
  }

  #endsTuple(): boolean {
    const { kind, text } = this.next;
    return kind === "end" || (kind === "sign" && ")]}=".includes(text)) || (kind === "name" && text === "in");
  }

  expression(): void {
    this.#deeper(() => {
      this.#or();
      while (this.word("if")) {
        this.#or();
        if (this.word("else")) this.expression();
      }
    });
  }

  #deeper(read: () => void): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST)
      throw new SyntaxFault(this.next.line, `expressions are nested more than ${DEEPEST} deep`);
    read();
    this.#depth -= 1;
  }

  #or(): void {
    do
      do this.#not();
      while (this.word("and"));
    while (this.word("or"));
  }

  #not(): void {
    while (this.word("not"));
    this.#sum();
    for (;;) {
      if (this.next.kind === "sign" && COMPARES.has(this.next.text)) this.sign();
      else if (this.word("not")) this.need("name", "in");
      else if (!this.word("in")) return;
      this.#sum();
    }
  }

  #sum(): void {
    do
      do this.#unary();
      while (this.next.kind === "sign" && PRODUCTS.has(this.next.text) && this.sign());
    while (this.next.kind === "sign" && SUMS.has(this.next.text) && this.sign());
  }

  #unary(): void {
    while (this.sign("-", "+"));
    this.#primary();
    for (;;) {
      if (this.sign("**")) this.#deeper(() => this.#unary());
      else if (!this.#postfix()) return;
    }
  }

  #primary(): void {
    const { kind, text } = this.next;
    if (kind === "text") while (this.take("text"));
    else if (kind === "number") this.take("number");
    else if (kind === "name" && !OPERATORS.has(text)) this.word();
    else if (this.sign("(")) this.#deeper(() => this.#closed(")", () => this.tuple({ empty: true })));
    else if (this.sign("[")) this.#deeper(() => this.#closed("]", () => this.tuple({ empty: true })));
    else if (this.sign("{")) this.#deeper(() => this.#closed("}", () => this.#pairs()));
    else this.fail("an expression");
  }

  #closed(sign: string, read: () => void): void {
    read();
    this.need("sign", sign);
  }

  #pairs(): void {
    do {
      if (this.next.text === "}") return;
      this.expression();
      this.need("sign", ":");
      this.expression();
    } while (this.sign(","));
  }

  #postfix(): boolean {
    if (this.sign(".")) {
      if (!this.word() && !this.take("number")) this.fail("a name behind the point");
    } else if (this.sign("[")) this.#closed("]", () => this.#subscripts());
    else if (this.sign("(")) this.#closed(")", () => this.arguments());
    else if (this.sign("|")) this.filter();
    else if (this.word("is")) this.#test();
    else return false;
    return true;
  }

  #subscripts(): void {
    do {
      if (this.next.text !== ":" && this.next.text !== "]") this.expression();
      while (this.sign(":")) if (![":", "]", ","].includes(this.next.text)) this.expression();
    } while (this.sign(","));
  }

  arguments(): void {
    do {
      if (this.next.text === ")") return;
      if (this.sign("*", "**")) this.expression();
      else {
        this.expression();
        if (this.sign("=")) this.expression();
      }
    } while (this.sign(","));
  }

  /** A filter's name, and what it is given. */
  filter(): void {
    this.#dotted("filter");
    if (this.sign("(")) this.#closed(")", () => this.arguments());
  }

  #test(): void {
    this.word("not");
    this.#dotted("test");
    const { kind, text } = this.next;
    if (this.sign("(")) this.#closed(")", () => this.arguments());
    else if (
      kind === "text" ||
      kind === "number" ||
      (kind === "name" && !OPERATORS.has(text)) ||
      (kind === "sign" && (text === "[" || text === "{"))
    )
      this.#primary();
  }

  #dotted(what: string): void {
    do if (!this.word()) this.fail(`the name of a ${what}`);
    while (this.sign("."));
  }
}
