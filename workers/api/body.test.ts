import { expect, test } from "vitest";
import { BODY_LIMIT, readBytes, readJson } from "./body.ts";
import { Refusal } from "./refusal.ts";

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request("http://millrace.test/api", { method: "POST", body, headers, duplex: "half" } as RequestInit);
const read = (text: string | Uint8Array, { mend = false } = {}) =>
  readJson(post(text as BodyInit), BODY_LIMIT, { mend });

/** A body without a length, in pieces, that counts what was taken of it. */
function inPieces(piece: Uint8Array, count: number): { body: ReadableStream; taken: () => number } {
  let taken = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (taken === count) return controller.close();
      taken += 1;
      controller.enqueue(piece);
    },
  });
  return { body, taken: () => taken };
}

const nested = (depth: number, [open, close] = ["[", "]"]): string => open.repeat(depth) + close.repeat(depth);

test("[AP3] a body whose told length is too large is refused unread", async () => {
  const { body, taken } = inPieces(new Uint8Array(1), 1);
  const request = post(body, { "content-length": "11" });
  await expect(readBytes(request, 10)).rejects.toMatchObject({ problem: { code: "too_large", limit: 10 } });
  // A stream of Node's fetches one piece ahead.
  expect(taken()).toBeLessThanOrEqual(1);
});

test("[AP3] a body that tells no length is kept up to the limit; a bounded rest is dropped, so that its sender hears the answer", async () => {
  const { body, taken } = inPieces(new Uint8Array(1024 * 1024), 1_000_000);
  await expect(readBytes(post(body), 10 * 1024)).rejects.toBeInstanceOf(Refusal);
  expect(taken()).toBeLessThan(25);
});

test("[AP3] a body of just the limit is taken whole", async () => {
  const { body } = inPieces(new Uint8Array(1024).fill(7), 10);
  const bytes = await readBytes(post(body), 10 * 1024);
  expect(bytes.byteLength).toBe(10 * 1024);
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});

test.each([
  ["[AP3] no body", "", undefined],
  ["[AP3] null", "null", null],
  ["[AP3] text", '"a"', "a"],
  ["[AP3] an object", '{"a":[1,-0.5,1e22,"\\u00e9"]}', { a: [1, -0.5, 1e22, "é"] }],
  ["[AP3] the largest exact integer", "9007199254740991", 9007199254740991],
  ["[AP3] a long fraction", "0.30000000000000004", 0.30000000000000004],
  ["[AP3] digits within text", '"12345678901234567890"', "12345678901234567890"],
  ["[AP3] an exponent within text", '["7e999", "a,1e999"]', ["7e999", "a,1e999"]],
  ["[AP3] an escaped backslash before u0000", '"\\\\u0000"', "\\u0000"],
  ["[AP3] a whole surrogate pair", '"\\ud83d\\ude00"', "😀"],
  ["[AP3] just not too deep", nested(64), JSON.parse(nested(64))],
  ["[AP3] brackets within text", JSON.stringify(nested(1000)), nested(1000)],
  ["[AP3] a quote and brackets within text", '"\\"[[[["', '"[[[['],
])("%s is read", async (_case, text, value) => {
  expect(await read(text)).toEqual({ value, text });
});

test.each<[string, string | Uint8Array, (string | number)[], string]>([
  ["[AP3] no JSON", "{", ["body"], "json_invalid"],
  ["[AP3] JSON with something behind it", "{} {}", ["body"], "json_invalid"],
  ["[AP3] NaN", '{"a":NaN}', ["body"], "json_invalid"],
  ["[AP3] bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), ["body"], "json_invalid"],
  ["[AP3] UTF-8 of half a surrogate pair", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), ["body"], "json_invalid"],
  ["[AP3] lists too deep", nested(65), ["body"], "recursion_loop"],
  ["[AP3] objects a million deep", '{"a":'.repeat(1_000_000), ["body"], "recursion_loop"],
  ["[AP3] NUL in text", '{"a":["x","\\u0000"]}', ["body", "a", 1], "string_unicode"],
  ["[AP3] half a surrogate pair", '{"a":"\\ud83d"}', ["body", "a"], "string_unicode"],
  ["[AP3] NUL in a key", '{"a\\u0000":1}', ["body"], "string_unicode"],
  ["[AP3] an integer too large", '{"a":[9007199254740993]}', ["body", "a", 0], "number_inexact"],
  ["[AP3] a negative one", "-9007199254740993", ["body"], "number_inexact"],
  ["[AP3] one behind spaces", '{"a": 90071992547409931}', ["body", "a"], "number_inexact"],
  ["[AP3] one on a line of its own", "[1,\n9007199254740993\n]", ["body", 1], "number_inexact"],
  ["[AP3] a fraction with an exponent too large", "[-12.5e400]", ["body", 0], "number_inexact"],
  ["[AP3] a number beyond all doubles", '{"a":1e999}', ["body", "a"], "number_inexact"],
])("%s is refused with its place", async (_case, body, loc, type) => {
  expect(await read(body)).toEqual({ faults: [expect.objectContaining({ loc, type })] });
});

test("[AP3] a compressed body is refused, not unpacked", async () => {
  const answer = await readJson(post("{}", { "content-encoding": "gzip" }), BODY_LIMIT);
  expect(answer).toEqual({ faults: [expect.objectContaining({ type: "content_encoding" })] });
});

test("[AP3] keys that name a prototype stay keys", async () => {
  const { value } = (await read('{"__proto__":{"polluted":true},"constructor":1}')) as { value: object };
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test("[AP13] text that is to be mended loses NUL, and gets U+FFFD for half a surrogate pair", async () => {
  expect(await read('[{"m":"a\\u0000b\\ud83dc"}]', { mend: true })).toMatchObject({ value: [{ m: "ab\ufffdc" }] });
  // A field's name is no text of the caller's: one that nothing may be called is refused all the same.
  expect(await read('[{"k\\u0000":1}]', { mend: true })).toEqual({
    faults: [expect.objectContaining({ loc: ["body", 0], type: "string_unicode" })],
  });
});
