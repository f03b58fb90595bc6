import fc from "fast-check";
import { expect, test } from "vitest";
import { anchorOf, attemptDividers, LogBook, type LogLine, linesWith, parseAnchor, wordOfLevel } from "./log-book.ts";

const line = (id: string, at: number, message = id): LogLine => ({
  id,
  at,
  level: 20,
  logger: "flow",
  message,
  task: null,
});
const ids = (book: LogBook): string => book.lines.map(({ id }) => id).join("");

test("[WE15] lines are in order and each is there once, however they arrive", () => {
  const all = fc
    .array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 })
    .map((times) => times.map((at, n) => line(String(n), at)));
  fc.assert(
    fc.property(all, fc.array(fc.nat()), (lines, picks) => {
      const book = new LogBook();
      for (const pick of picks) book.append(lines.slice(pick % (lines.length + 1), (pick % (lines.length + 1)) + 7));
      book.prepend(lines);
      expect(book.lines.length).toBe(lines.length);
      expect(new Set(book.lines.map(({ id }) => id)).size).toBe(lines.length);
      expect(book.lines.every((other, n) => n === 0 || book.lines[n - 1]!.at <= other.at)).toBe(true);
    }),
  );
});

test("[WE15] lines of the same moment keep the order in which they were written", () => {
  const book = new LogBook();
  book.append([line("c", 5), line("d", 5)]);
  book.append([line("e", 5), line("f", 6)]);
  expect(book.prepend([line("a", 5), line("b", 5)])).toBe(2);
  expect(ids(book)).toBe("abcdef");
  expect(book.append([line("c", 5), line("x", 5)])).toBe(1);
  expect(ids(book)).toBe("abcdexf");
});

test("[WE16] every attempt but the first begins with a divider", () => {
  const lines = [line("a", 10), line("b", 20), line("c", 30)];
  expect(attemptDividers(lines, [5, 20, 40])).toEqual([
    { line: 1, attempt: 2, at: 20 },
    { line: 3, attempt: 3, at: 40 },
  ]);
  expect(attemptDividers(lines, [5])).toEqual([]);
  expect(attemptDividers([], [])).toEqual([]);
});

test("[WE17] search in a log takes upper and lower case alike, and can go on where it stopped", () => {
  const lines = [line("1", 1, "Hello"), line("2", 2, "world"), line("3", 3, "HELLO again")];
  expect(linesWith(lines, "hello")).toEqual([0, 2]);
  expect(linesWith(lines, "hello", 1)).toEqual([2]);
  expect(linesWith(lines, "")).toEqual([]);
});

test("[WE18] a line's address leads back to the line", () => {
  const there = line("01a20db2-ed5d-7acd-a6e9-12eb0e100245", 1_795_439_759_665.738);
  expect(parseAnchor(`#${anchorOf(there)}`)).toEqual({ at: there.at, id: "01a20db2" });
  expect(parseAnchor("#top")).toBeNull();
  expect(parseAnchor("")).toBeNull();
});

test.each([
  [5, "TRACE"],
  [10, "DEBUG"],
  [25, "INFO"],
  [30, "WARNING"],
  [40, "ERROR"],
  [99, "CRITICAL"],
])("[WE15] level %d reads %s", (level, word) => {
  expect(wordOfLevel(level)).toBe(word);
});
