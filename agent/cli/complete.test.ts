import { expect, test } from "vitest";
import type { Names } from "./command.ts";
import { complete } from "./complete.ts";
import { ROOT } from "./tree.ts";

const KNOWN: Partial<Record<Names, string[]>> = {
  deployment: ["sum/default", "hello/default"],
  pool: ["gpu", "default"],
};

const words = async (...typed: string[]) => {
  const found = await complete(ROOT, typed, async (kind) => {
    const names = KNOWN[kind];
    if (!names) throw new Error("the server is away");
    return names;
  });
  return found.map(({ word }) => word);
};

test.each([
  ["a command", ["ru"], ["run", "runs"]],
  ["a command of a group", ["runs", "w"], ["watch", "why"]],
  ["an option", ["runs", "ls", "--st"], ["--state"]],
  ["an option of every command", ["whoami", "--out"], ["--output"]],
  ["a value", ["runs", "ls", "-o", "js"], ["json", "jsonl"]],
  ["the name of a deployment", ["deployment", "run", "s"], ["sum/default"]],
  ["a name after options", ["deployment", "run", "--watch", "-p", "n=1", "h"], ["hello/default"]],
  ["the name of a pool", ["deploy", "f.ts", "--pool", ""], ["gpu", "default"]],
  ["nothing where the server is away", ["runs", "get", ""], []],
  ["nothing after an unknown command", ["nonsense", ""], []],
  ["nothing where nothing more is taken", ["deployment", "run", "sum/default", ""], []],
])("[CL35] a shell completes %s", async (_case, typed, expected) => {
  expect(await words(...typed)).toEqual(expected);
});
