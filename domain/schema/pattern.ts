/**
 * Regular expressions of users, matched in a time that grows with the text and no faster: all ways through an expression are
 * followed at once, so that none can send it back over the text again and again (Thompson's construction).
 *
 * [DO47] What is matched is what JavaScript and Python agree on. What cannot be matched so, a look-around or a reference back, is refused
 *        with a sentence, as is an expression that is too large, or one that has used up its work.
 *
 * Sets of characters are left to the platform, one character at a time.
 */

/** Why an expression cannot be used. */
export class PatternFault extends Error {
  override readonly name = "PatternFault";
}

/** Steps that are left to all who share it. */
export interface Work {
  left: number;
}

/** States of one expression: each costs a step for a character of the text. */
const MOST_STATES = 3_000;
const LONGEST = 5_000;
const DEEPEST = 100;

type State =
  | { kind: "one"; of: (character: string) => boolean; next: number }
  | { kind: "any-of"; next: number[] }
  | { kind: "if"; holds: (before: string, after: string) => boolean; next: number }
  | { kind: "end" };

/** Makes states that go on to `next`; answers where they begin. */
type Piece = (next: number, states: State[]) => number;

export interface Pattern {
  states: readonly State[];
  start: number;
}

/** Reads an expression. Throws a PatternFault. */
export function readPattern(source: string): Pattern {
  if (source.length > LONGEST) throw new PatternFault(`it is longer than ${LONGEST} characters`);
  const reader = new Reader(source);
  const piece = reader.alternatives();
  reader.atEnd();
  const states: State[] = [{ kind: "end" }];
  return { start: piece(0, states), states };
}

/** Whether the expression is found anywhere in the text. Throws a PatternFault where the work is used up. */
export function isFound({ states, start }: Pattern, text: string, work: Work): boolean {
  const seen = new Uint32Array(states.length);
  const characters = [...text, ""];
  let waiting: number[] = [];
  let before = "";
  for (let at = 0; at < characters.length; at++) {
    const after = characters[at] as string;
    const reached: number[] = [];
    // The last come first: what is looked at is a set.
    const open = [...waiting, start];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (seen[state] === at + 1) continue;
      seen[state] = at + 1;
      work.left -= 1;
      if (work.left < 0) throw new PatternFault("it takes too many steps");
      const here = states[state] as State;
      if (here.kind === "end") return true;
      if (here.kind === "any-of") open.push(...here.next);
      else if (here.kind === "if") {
        if (here.holds(before, after)) open.push(here.next);
      } else if (after !== "" && here.of(after)) reached.push(here.next);
    }
    waiting = reached;
    before = after;
  }
  return false;
}

const add = (state: State, states: State[]): number => {
  if (states.length >= MOST_STATES) throw new PatternFault("it is too large");
  return states.push(state) - 1;
};

const one =
  (of: (character: string) => boolean): Piece =>
  (next, states) =>
    add({ kind: "one", of, next }, states);
const inTurn =
  (pieces: readonly Piece[]): Piece =>
  (next, states) =>
    pieces.reduceRight((start, piece) => piece(start, states), next);
const either =
  (pieces: readonly Piece[]): Piece =>
  (next, states) =>
    add({ kind: "any-of", next: pieces.map((piece) => piece(next, states)) }, states);
const onlyIf =
  (holds: (before: string, after: string) => boolean): Piece =>
  (next, states) =>
    add({ kind: "if", holds, next }, states);
const repeated =
  (piece: Piece): Piece =>
  (next, states) => {
    const ways: number[] = [next];
    const again = add({ kind: "any-of", next: ways }, states);
    ways.push(piece(again, states));
    return again;
  };

const times =
  (piece: Piece, least: number, most: number): Piece =>
  (next, states) => {
    let start = most === Number.POSITIVE_INFINITY ? repeated(piece)(next, states) : next;
    if (most !== Number.POSITIVE_INFINITY)
      for (let count = least; count < most; count++)
        start = add({ kind: "any-of", next: [piece(start, states), next] }, states);
    for (let count = 0; count < least; count++) {
      const before = start;
      start = piece(before, states);
      // What is nothing once is nothing however often: without states there is no limit that would end this.
      if (start === before) break;
    }
    return start;
  };

const isWord = (character: string): boolean => /^\w$/.test(character);
const atBorder = (before: string, after: string): boolean => isWord(before) !== isWord(after);
const CONTROLS: Readonly<Record<string, string>> = {
  t: "\t",
  n: "\n",
  r: "\r",
  f: "\f",
  v: "\v",
  "0": "\0",
  a: "\x07",
};
const LINE_ENDS = "\n\r\u2028\u2029";

class Reader {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  alternatives(): Piece {
    const pieces = [this.#sequence()];
    while (this.#take("|")) pieces.push(this.#sequence());
    return pieces.length === 1 ? (pieces[0] as Piece) : either(pieces);
  }

  atEnd(): void {
    if (this.#at < this.#source.length) throw new PatternFault(`it has a ${this.#source[this.#at]} too many`);
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at] as string))
      pieces.push(this.#repetition(this.#atom()));
    return inTurn(pieces);
  }

  #repetition(piece: Piece): Piece {
    const sign = this.#match(/[*+?]|\{(\d+)(,?)(\d*)\}/y);
    if (!sign) return piece;
    // Lazy or possessive: that the text is found does not depend on it.
    this.#match(/[?+]/y);
    const [text, from, comma, to] = sign;
    if (text === "*") return repeated(piece);
    if (text === "+") return inTurn([piece, repeated(piece)]);
    if (text === "?") return times(piece, 0, 1);
    const least = Number(from);
    const most = comma === "" ? least : to === "" ? Number.POSITIVE_INFINITY : Number(to);
    if (most < least) throw new PatternFault(`${text} ends before it begins`);
    return times(piece, least, most);
  }

  #atom(): Piece {
    const sign = this.#match(/[\s\S]/uy)?.[0] ?? "";
    switch (sign) {
      case "(":
        return this.#group();
      case "[":
        return this.#set();
      case "\\":
        return this.#escape();
      case "^":
        return onlyIf((before) => before === "");
      case "$":
        return onlyIf((_, after) => after === "");
      case ".":
        return one((character) => !LINE_ENDS.includes(character));
      case "*":
      case "+":
      case "?":
        throw new PatternFault(`there is nothing that ${sign} could repeat`);
      default:
        return one((character) => character === sign);
    }
  }

  #group(): Piece {
    const kind = this.#match(/\?(?::|P?<[A-Za-z_]\w*>)/y);
    if (!kind && this.#source[this.#at] === "?") throw new PatternFault("look-around and flags are not supported");
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new PatternFault("its groups are nested too deeply");
    const piece = this.alternatives();
    this.#depth -= 1;
    if (!this.#take(")")) throw new PatternFault("a ( is not closed");
    return piece;
  }

  #set(): Piece {
    const text = this.#match(/\^?\]?(?:[^\]\\]|\\[\s\S])*\]/uy)?.[0];
    if (text === undefined) throw new PatternFault("a [ is not closed");
    // A ] right at the beginning is one of the set, as Python has it.
    return one(native(`[${text.replace(/^(\^?)\](?=[\s\S]*\])/, "$1\\]")}`));
  }

  #escape(): Piece {
    const sort = this.#match(/[dDwWsS]|[pP]\{[^}]*\}/y)?.[0];
    if (sort !== undefined) return one(native(`\\${sort}`));
    const code = this.#match(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}/y);
    if (code) {
      const number = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? "", 16);
      if (number > 0x10ffff) throw new PatternFault(`there is no character \\${code[0]}`);
      const meant = String.fromCodePoint(number);
      return one((character) => character === meant);
    }
    const letter = this.#match(/[\s\S]/uy)?.[0];
    if (letter === undefined) throw new PatternFault("it ends with a \\");
    if (letter === "b") return onlyIf(atBorder);
    if (letter === "B") return onlyIf((before, after) => !atBorder(before, after));
    if (letter === "A") return onlyIf((before) => before === "");
    if (letter === "Z" || letter === "z") return onlyIf((_, after) => after === "");
    if (/[1-9k]/.test(letter)) throw new PatternFault("references back are not supported");
    const meant = CONTROLS[letter] ?? letter;
    return one((character) => character === meant);
  }

  #take(sign: string): boolean {
    if (this.#source[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source);
    if (found) this.#at += found[0].length;
    return found;
  }
}

/** A set of characters, asked of one character: there is nothing in it that could take long. */
function native(set: string): (character: string) => boolean {
  for (const flags of ["u", ""]) {
    try {
      const expression = new RegExp(`^${set}$`, flags);
      return (character) => expression.test(character);
    } catch {
      // What one of the two ways of reading refuses, the other may take.
    }
  }
  throw new PatternFault(`${set} is no set of characters`);
}
