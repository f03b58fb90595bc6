import { expect, test } from "vitest";
import { hashKey, makeKey, readKey, same } from "./keys.ts";

const PEPPER = "the pepper of this server";

test("[AU1] a key reads as itself and as user name and password, under its own pepper alone", () => {
  const { id, secret, text } = makeKey(PEPPER);
  expect(text).toBe(`mrl_${id}_${secret}`);
  expect(readKey(text, PEPPER)).toEqual({ id, secret });
  expect(readKey(`${id}:${secret}`, PEPPER)).toEqual({ id, secret });
  expect(readKey(text, "another pepper")).toBeNull();
});

test("[AU1] a key is 80 bits of name and 160 bits of secret, in letters that no one mistakes", () => {
  expect(makeKey(PEPPER).text).toMatch(/^mrl_[a-km-z2-9]{16}_[a-km-z2-9]{40}$/);
  const keys = Array.from({ length: 200 }, () => makeKey(PEPPER));
  expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length);
  expect(new Set(keys.map(({ secret }) => secret.slice(0, 32))).size).toBe(keys.length);
});

test("[AU1] a key with any one letter changed is junk", () => {
  const { text } = makeKey(PEPPER);
  for (let at = "mrl_".length; at < text.length; at++) {
    if (text[at] === "_") continue;
    const other = text[at] === "a" ? "b" : "a";
    expect(readKey(text.slice(0, at) + other + text.slice(at + 1), PEPPER), `letter ${at}`).toBeNull();
  }
});

test.each<[string, (key: ReturnType<typeof makeKey>) => string]>([
  ["[AU1] cut at the end", ({ text }) => text.slice(0, -1)],
  ["[AU1] with a letter more", ({ text }) => `${text}a`],
  ["[AU1] in capitals", ({ text }) => text.toUpperCase()],
  ["[AU1] its secret in capitals", ({ id, secret }) => `mrl_${id}_${secret.toUpperCase()}`],
  ["[AU1] without its prefix", ({ id, secret }) => `${id}_${secret}`],
  ["[AU1] with another prefix", ({ id, secret }) => `pnu_${id}_${secret}`],
  ["[AU1] with its prefix as a user name", ({ id, secret }) => `mrl_${id}:${secret}`],
  ["[AU1] the secret alone", ({ secret }) => secret],
  ["[AU1] another key's name", ({ secret }) => `mrl_${makeKey(PEPPER).id}_${secret}`],
  [
    "[AU1] another key's checksum",
    ({ id, secret }) => `mrl_${id}_${secret.slice(0, 32)}${makeKey(PEPPER).secret.slice(32)}`,
  ],
  ["[AU1] with space around it", ({ text }) => ` ${text}`],
  ["[AU1] with a line behind it", ({ text }) => `${text}\n`],
  ["[AU1] nothing", () => ""],
])("%s is junk", (_case, spoil) => {
  expect(readKey(spoil(makeKey(PEPPER)), PEPPER)).toBeNull();
});

test("[AU2] the hash holds nothing of the key, and is another one under another pepper", () => {
  const key = makeKey(PEPPER);
  const hash = hashKey(key, PEPPER);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashKey(key, "another pepper")).not.toBe(hash);
  expect(hashKey({ ...key, id: makeKey(PEPPER).id }, PEPPER)).not.toBe(hash);
});

test.each([
  ["[AU2] equal texts", "abc", "abc", true],
  ["[AU2] another letter", "abc", "abd", false],
  ["[AU2] a text cut short", "abc", "ab", false],
  ["[AU2] characters of several bytes", "ä", "Ã¤", false],
  ["[AU2] empty texts", "", "", true],
])("%s are compared whole", (_case, a, b, expected) => {
  expect(same(a, b)).toBe(expected);
});
