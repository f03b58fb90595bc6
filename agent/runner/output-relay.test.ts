import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogLine } from "../sdk/report/log-line.ts";
import { LONGEST_MESSAGE } from "../sdk/report/log-sink.ts";
import { OutputRelay } from "./output-relay.ts";

function setUp() {
  const lines: LogLine[] = [];
  const relay = new OutputRelay({ push: (line) => void lines.push(line), flush: async () => {} }, "run");
  return { relay, lines, texts: () => lines.map((line) => line.message) };
}

test("[AG43] lines are the same however their bytes are cut, in the middle of a letter too", async () => {
  const text = fc.array(
    fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((line) => line.trim() !== "" && !/[\r\n\0]/.test(line)),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (wanted, size, ended) => {
      const { relay, texts } = setUp();
      const bytes = Buffer.from(wanted.join("\n") + (ended ? "\n" : ""));
      for (let at = 0; at < bytes.length; at += size) relay.take("stdout", bytes.subarray(at, at + size));
      await relay.end();
      expect(texts()).toEqual(wanted);
    }),
  );
});

test("[AG43] streams do not mix; errors are warnings; a line without an end is a line", async () => {
  const { relay, lines } = setUp();
  relay.take("stdout", Buffer.from("out "));
  relay.take("stderr", Buffer.from("bad\r\n"));
  relay.take("stdout", Buffer.from("put"));
  await relay.end();
  expect(lines.map(({ name, level, message }) => [name, level, message])).toEqual([
    ["stderr", 30, "bad"],
    ["stdout", 20, "out put"],
  ]);
});

test("[AG43] a line without any end does not grow for ever, and a NUL does not end a line's text", async () => {
  const { relay, texts } = setUp();
  for (let count = 0; count < 12; count++) relay.take("stdout", Buffer.alloc(100_000, "x"));
  expect(texts().map((text) => text.length)).toEqual([LONGEST_MESSAGE, LONGEST_MESSAGE]);
  relay.take("stderr", Buffer.from("a\0b\n"));
  await relay.end();
  expect(texts()[2]).toBe("a\ufffdb");
  expect(texts()[3]).toHaveLength(200_000);
});
