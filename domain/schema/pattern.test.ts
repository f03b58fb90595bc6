import { createContext, Script } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isFound, PatternFault, readPattern } from "./pattern.ts";

const STEPS = 5_000_000;
const found = (pattern: string, text: string, left = STEPS) => isFound(readPattern(pattern), text, { left });

test.each([
  ["^[a-z0-9]+(?:-[a-z0-9]+)*$", ["a", "a-b-c", "a1-2"], ["", "-a", "a-", "A"]],
  ["^(?P<year>\\d{4})-(?<month>\\d\\d)$", ["2026-11"], ["26-11", "2026-1", "x2026-11"]],
  ["colou?r", ["the colour", "color"], ["colr"]],
  ["^(cat|dog|)$", ["cat", "dog", ""], ["bird", "catdog"]],
  ["a{2,3}?b", ["aab", "aaaab"], ["ab"]],
  ["^a{0}b{2,}$", ["bb", "bbbb"], ["b", "abb"]],
  ["\\bone\\b", ["one", "no one.", "one two"], ["ones", "none"]],
  ["\\Bx", ["ax"], ["x", " x"]],
  ["^[^\\]a]{2}$", ["bb", "\\b"], ["ab", "]b"]],
  ["^[]x]$", ["]", "x"], ["y"]],
  ["^\\p{Lu}.\\u00e9\\x41$", ["Äßéa".replace("a", "A")], ["äßéA"]],
  ["^.$", ["😀", "a"], ["\n", "ab", ""]],
  ["\\A\\w+\\Z", ["abc_1"], ["a b"]],
  ["^\\{a\\}\\_\\-\\$$", ["{a}_-$"], ["a_-$"]],
  ["(a*)*b|(x+x+)+y", ["b", "aab", "xxxy"], ["aaaa", "xx"]],
  ["", ["", "anything"], []],
])("[DO47] %s", (pattern, yes, no) => {
  for (const text of yes) expect([text, found(pattern, text)]).toEqual([text, true]);
  for (const text of no) expect([text, found(pattern, text)]).toEqual([text, false]);
});

test.each([
  ["(?=a)b", "look-around"],
  ["(?<!a)b", "look-around"],
  ["(?i)b", "flags"],
  ["(a)\\1", "references back"],
  ["(?<a>b)\\k<a>", "references back"],
  ["(", "not closed"],
  ["a)", "too many"],
  ["[a", "not closed"],
  ["[z-a]", "no set"],
  ["*a", "nothing that"],
  ["a{3,2}", "ends before"],
  ["(a{1,1000}){1,1000}", "too large"],
  ["(".repeat(2_000) + ")".repeat(2_000), "nested too deeply"],
  ["abc".repeat(1_500), "too large"],
  ["a\\", "ends with"],
  ["\\u{ffffff}", "no character"],
  ["x".repeat(5_001), "longer than"],
])("[DO47] %s is refused with a sentence", (pattern, sentence) => {
  const read = () => readPattern(pattern);
  expect(read).toThrow(PatternFault);
  expect(read).toThrow(sentence);
});

test.each([
  ["^(a+)+$", "a"],
  ["^(a|aa)+$", "a"],
  ["(.*a){25}b", "a"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
  ["^(a?){25}a{25}!$", "a"],
  ["a*a*a*a*a*a*a*!", "a"],
])("[DO47] [S52] %s is matched against 5,000 characters in work that grows with them", (pattern, letter) => {
  const used = (length: number): number => {
    const work = { left: STEPS };
    expect(isFound(readPattern(pattern), letter.repeat(length), work)).toBe(
      pattern === "^(a+)+$" || pattern === "^(a|aa)+$",
    );
    return STEPS - work.left;
  };
  const [short, long] = [used(500), used(5_000)];
  expect(long).toBeLessThan(short * 11);
  expect(() => found(pattern, letter.repeat(5_000), 100)).toThrow("too many steps");
});

test.each(["(?:){99999999999}", "((?:){99999999}){99999999}", "(?:a{0}){99999999999}"])(
  "[DO47] [S52] %s repeats nothing, and is read at once",
  (pattern) => {
    const { states } = readPattern(pattern);
    expect(states.length).toBe(1);
    expect(found(pattern, "any text")).toBe(true);
  },
);

const PLATFORM = new Script('new RegExp(asked.source, "u").test(asked.given)');
const asked = { source: "", given: "" };
const around = createContext({ asked });

/** What the platform finds; null where it goes back over the text for too long, which it can even over eight characters. */
function foundByThePlatform(source: string, given: string): boolean | null {
  try {
    Object.assign(asked, { source, given });
    return PLATFORM.runInContext(around, { timeout: 500 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
}

test("[DO47] what it finds is what the platform finds", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\d", "\\b", "^", "$", "(?:)");
  const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "{1,}");
  const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
    term: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(atom, quantifier).map(([one, many]) => (/^[\^$]$|\\b/.test(one) ? one : one + many)),
      fc.tuple(tie("pattern"), quantifier).map(([inner, many]) => `(${inner})${many}`),
    ),
    pattern: fc
      .array(fc.array(tie("term"), { maxLength: 3 }), { minLength: 1, maxLength: 2 })
      .map((ways) => ways.map((terms) => terms.join("")).join("|")),
  }));
  const text = fc.array(fc.constantFrom("a", "b", "1", " "), { maxLength: 8 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      const expected = foundByThePlatform(source, given);
      fc.pre(expected !== null);
      expect(found(source, given)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});
