import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { curl, shellWord } from "./shell.ts";

test("[WE77] a shell reads a word back as it was, whatever is in it", () => {
  const words = fc.sample(
    fc.string({ unit: "binary", minLength: 1 }).filter((word) => !word.includes("\0")),
    200,
  );
  const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`], { encoding: "utf8" });
  expect(printed.split("\0").slice(0, -1)).toEqual(words.map((word) => Buffer.from(word).toString()));
});

test("[WE77] a call of the API names no key", () => {
  expect(curl("POST", "http://a.example/api/x", { name: "it's" })).toBe(
    [
      "curl -X POST 'http://a.example/api/x'",
      '  -H "Authorization: Bearer $PREFECT_API_KEY"',
      '  -H "Content-Type: application/json"',
      `  -d '{"name":"it'\\''s"}'`,
    ].join(" \\\n"),
  );
});
