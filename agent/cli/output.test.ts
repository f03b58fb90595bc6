import { expect, test } from "vitest";
import { type List, Output } from "./output.ts";

interface Row {
  id: string;
  text: string;
}
const ID = "01a20f86-5e74-7286-88d3-f67ca3f1868a";
const list: List<Row> = {
  rows: [
    { id: ID, text: "a\tb\nc\\d" },
    { id: ID.replace("0", "1"), text: "ü" },
  ],
  columns: { id: { title: "ID", of: (row) => row.id }, text: { title: "TEXT", of: (row) => row.text } },
  name: (row) => row.id,
  empty: "Nothing.",
};

function print(
  format: string | undefined,
  {
    tty = false,
    fields = undefined as string | undefined,
    rows = list.rows,
    columns = undefined as number | undefined,
  } = {},
) {
  const printed = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  new Output({
    stdout: { ...sink("stdout"), isTTY: tty, ...(columns !== undefined && { columns }) },
    stderr: sink("stderr"),
    format,
    fields,
    quiet: false,
    colour: false,
  }).list({ ...list, rows });
  return printed;
}

test("[CL5] a pipe gets TSV, one line for each row, with tabs and line ends written out", () => {
  expect(print(undefined).stdout).toBe(`${ID}\ta\\tb\\nc\\\\d\n11a20f86-5e74-7286-88d3-f67ca3f1868a\tü\n`);
});

test("[CL5] a terminal gets a table with whole ids, and a sentence where there is nothing", () => {
  const { stdout } = print(undefined, { tty: true, rows: [list.rows[1]!] });
  expect(stdout).toBe(`ID${" ".repeat(36)}TEXT\n${list.rows[1]!.id}  ü\n`);
  expect(print(undefined, { tty: true, rows: [] })).toEqual({ stdout: "", stderr: "Nothing.\n" });
});

test("[CL5] json is one array, jsonl a line for each row, name what other commands take", () => {
  expect(JSON.parse(print("json").stdout)).toEqual(list.rows);
  expect(
    print("jsonl")
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(list.rows);
  expect(print("name").stdout.split("\n")[0]).toBe(ID);
  expect(print("json", { rows: [] }).stdout).toBe("[]\n");
});

test("[CL5] --fields chooses and orders the columns, and refuses those there are not", () => {
  expect(print("tsv", { fields: "text,id", rows: [list.rows[1]!] }).stdout).toBe(`ü\t${list.rows[1]!.id}\n`);
  expect(JSON.parse(print("json", { fields: "text", rows: [list.rows[1]!] }).stdout)).toEqual([{ text: "ü" }]);
  expect(print("jsonl", { fields: "text", rows: [list.rows[1]!] }).stdout).toBe('{"text":"ü"}\n');
  expect(() => print("tsv", { fields: "nonsense" })).toThrow("there are id, text");
});

test("[CL37] a terminal that is too narrow for a table gets the ids below, and a narrower one a block for each row", () => {
  const rows = [
    { id: ID, text: "one" },
    { id: ID.replace("0", "1"), text: "two words" },
  ];
  const wide = print(undefined, { tty: true, rows, columns: 47 }).stdout;
  expect(wide.split("\n")).toHaveLength(4);
  expect(print(undefined, { tty: true, rows, columns: 46 }).stdout).toBe(
    `TEXT\none\n  ${rows[0]!.id}\ntwo words\n  ${rows[1]!.id}\n`,
  );
  expect(print(undefined, { tty: true, rows, columns: 8 }).stdout).toBe(
    `ID    ${rows[0]!.id}\nTEXT  one\n\nID    ${rows[1]!.id}\nTEXT  two words\n`,
  );
});
