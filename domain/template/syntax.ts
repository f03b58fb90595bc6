/**
 * Whether text is a Jinja template, as the wire's `/templates/validate` asks.
 *
 * DO31 What Jinja reads is taken; what it does not read is refused with the line and the reason, and so is a template whose loops could
 *      run away: more than ten of them, or more than two in one another.
 */
import { Reader } from "./expressions.ts";
import { SyntaxFault, tokensOf } from "./tokens.ts";

const MOST_LOOPS = 10;
const DEEPEST_LOOPS = 2;
/** How deep blocks may stand in one another. */
const DEEPEST_BLOCKS = 100;

/** What is wrong with a template; null where nothing is. */
export function templateFault(source: string): { line: number; message: string } | null {
  try {
    new Template(new Reader(tokensOf(source))).read();
    return null;
  } catch (error) {
    if (error instanceof SyntaxFault) return { line: error.line, message: error.message };
    throw error;
  }
}

class Template {
  readonly #reader: Reader;
  #loops = 0;
  #loopDepth = 0;
  #depth = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  read(): void {
    this.#body([]);
    this.#reader.need("done");
  }

  /** Reads up to a statement of one of these words, and takes it up to that word; with none, up to the end. */
  #body(until: readonly string[]): string {
    const reader = this.#reader;
    for (let begin = reader.take("begin"); begin; begin = reader.take("begin")) {
      if (begin.text === "{{") {
        reader.tuple();
        reader.need("end");
        continue;
      }
      const { text, line } = reader.need("name");
      if (until.includes(text)) return text;
      if (/^(?:end\w*|elif|else)$/.test(text))
        throw new SyntaxFault(
          line,
          `"${text}" stands where ${until.length > 0 ? `"${until.join('" or "')}" is` : "nothing is"} to be ended`,
        );
      this.#statement(text, line);
      reader.need("end");
    }
    if (until.length > 0) reader.fail(`{% ${until.join(" %} or {% ")} %}`);
    return "";
  }

  /** A statement behind its word, with the block that it opens, up to the end of its last tag. */
  #statement(word: string, line: number): void {
    const reader = this.#reader;
    switch (word) {
      case "for":
        this.#loop(line);
        return;
      case "if":
        this.#choice(line);
        return;
      case "set":
        this.#targets();
        if (reader.sign("=")) reader.tuple();
        else {
          while (reader.sign("|")) reader.filter();
          this.#block("endset", line);
        }
        return;
      case "with":
        while (reader.next.kind !== "end") {
          this.#targets(true);
          reader.need("sign", "=");
          reader.expression();
          if (!reader.sign(",")) break;
        }
        this.#block("endwith", line);
        return;
      case "macro":
        reader.need("name");
        this.#signature();
        this.#block("endmacro", line);
        return;
      case "call":
        if (reader.next.text === "(") this.#signature();
        reader.expression();
        this.#block("endcall", line);
        return;
      case "filter":
        do reader.filter();
        while (reader.sign("|"));
        this.#block("endfilter", line);
        return;
      case "autoescape":
        reader.expression();
        this.#block("endautoescape", line);
        return;
      case "block":
        reader.need("name");
        while (reader.word("scoped", "required"));
        this.#block("endblock", line);
        reader.word();
        return;
      case "print":
        reader.tuple();
        return;
      case "extends":
        reader.expression();
        return;
      case "include":
        reader.expression();
        if (reader.word("ignore")) reader.need("name", "missing");
        this.#context();
        return;
      case "import":
        reader.expression();
        reader.need("name", "as");
        reader.need("name");
        this.#context();
        return;
      case "from":
        reader.expression();
        reader.need("name", "import");
        do {
          if (this.#context()) break;
          reader.need("name");
          if (reader.word("as")) reader.need("name");
        } while (reader.sign(","));
        this.#context();
        return;
      default:
        throw new SyntaxFault(line, `there is no statement "${word}"`);
    }
  }

  #loop(line: number): void {
    const reader = this.#reader;
    this.#loops += 1;
    this.#loopDepth += 1;
    if (this.#loops > MOST_LOOPS)
      throw new SyntaxFault(line, `a template may hold ${MOST_LOOPS} loops, and this is one more`);
    if (this.#loopDepth > DEEPEST_LOOPS)
      throw new SyntaxFault(line, `loops may be nested ${DEEPEST_LOOPS} deep, and this one lies deeper`);
    this.#targets();
    reader.need("name", "in");
    reader.tuple({ bare: true });
    if (reader.word("if")) reader.expression();
    reader.word("recursive");
    if (this.#part(["endfor", "else"], line) === "else") this.#part(["endfor"], line);
    this.#loopDepth -= 1;
  }

  #choice(line: number): void {
    const reader = this.#reader;
    for (let word = "elif"; word !== "endif"; ) {
      if (word === "elif") reader.tuple({ bare: true });
      word = this.#part(word === "else" ? ["endif"] : ["elif", "else", "endif"], line);
    }
  }

  #block(end: string, line: number): void {
    this.#part([end], line);
  }

  /** What stands between the end of this tag and the next of these words, which it answers. */
  #part(until: readonly string[], line: number): string {
    this.#reader.need("end");
    this.#depth += 1;
    if (this.#depth > DEEPEST_BLOCKS) throw new SyntaxFault(line, `blocks are nested more than ${DEEPEST_BLOCKS} deep`);
    const word = this.#body(until);
    this.#depth -= 1;
    return word;
  }

  /** Names that get values: one, or several with commas, in parentheses or without. */
  #targets(single = false): void {
    const reader = this.#reader;
    do {
      if (reader.sign("(")) {
        this.#targets();
        reader.need("sign", ")");
      } else {
        if (reader.next.text === "in") return;
        reader.need("name");
        if (reader.sign(".")) reader.need("name");
      }
    } while (!single && reader.sign(","));
  }

  #signature(): void {
    const reader = this.#reader;
    reader.need("sign", "(");
    while (reader.next.text !== ")") {
      reader.need("name");
      if (reader.sign("=")) reader.expression();
      if (!reader.sign(",")) break;
    }
    reader.need("sign", ")");
  }

  /** `with context` or `without context`, where it stands. */
  #context(): boolean {
    const reader = this.#reader;
    if (!reader.word("with", "without")) return false;
    reader.need("name", "context");
    return true;
  }
}
