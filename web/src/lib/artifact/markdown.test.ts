import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, blocksOf, type Inline } from "./markdown.ts";

const text = (words: string): Inline => ({ kind: "text", text: words });
const paragraph = (...of: Inline[]): Block => ({ kind: "paragraph", of });

test.each<[string, string, Block[]]>([
  [
    "words",
    "a **b** `c`",
    [paragraph(text("a "), { kind: "strong", of: [text("b")] }, text(" "), { kind: "code", text: "c" })],
  ],
  ["names of characters", "a &amp; b &lt;i&gt; &#x41;", [paragraph(text("a & b <i> A"))]],
  ["a list", "2. x\n3. y", [{ kind: "list", start: 2, items: [[paragraph(text("x"))], [paragraph(text("y"))]] }]],
  [
    "a list of tasks",
    "- [x] done",
    [{ kind: "list", start: null, items: [[paragraph({ kind: "check", on: true }, text("done"))]] }],
  ],
  ["code", "```ts\nlet a;\n```", [{ kind: "code", text: "let a;" }]],
  [
    "a table",
    "|a|b|\n|-|-|\n|1|2|",
    [{ kind: "table", head: [[text("a")], [text("b")]], rows: [[[text("1")], [text("2")]]] }],
  ],
  ["a quote and a rule", "> x\n\n---", [{ kind: "quote", of: [paragraph(text("x"))] }, { kind: "rule" }]],
  [
    "a link and a picture",
    "[l](https://a.example/) ![p](https://a.example/p.png)",
    [
      paragraph({ kind: "link", address: "https://a.example/", of: [text("l")] }, text(" "), {
        kind: "picture",
        address: "https://a.example/p.png",
        words: "p",
      }),
    ],
  ],
])("[WE28] markdown with %s is shown as such", (_case, written, blocks) => {
  expect(blocksOf(written)).toEqual(blocks);
});

test.each([
  ["<script>alert(1)</script>", [paragraph(text("<script>alert(1)</script>"))]],
  ["a <img src=x onerror=alert(1)> b", [paragraph(text("a "), text("<img src=x onerror=alert(1)>"), text(" b"))]],
  ["[x](javascript:alert(1))", [paragraph(text("x"))]],
  ["![x](javascript:alert(1))", [paragraph(text("![x](javascript:alert(1))"))]],
  ["[x](data:text/html,hi)", [paragraph(text("x"))]],
])("[WE29] %j in markdown is text, and leads nowhere", (written, blocks) => {
  expect(blocksOf(written)).toEqual(blocks);
});

test("[WE1] headings of markdown leave no level out, whatever the author chose", () => {
  const levels = blocksOf("### a\n\n###### b\n\n# c\n\n##### d").map(
    (block) => block.kind === "heading" && block.level,
  );
  expect(levels).toEqual([1, 2, 1, 2]);
});

test("[WE28] whatever is called markdown, it is shown as something", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (written) => {
      expect(() => blocksOf(written)).not.toThrow();
    }),
  );
  for (const one of ["> ", "* ", "[", "**", "|"]) expect(() => blocksOf(one.repeat(30_000))).not.toThrow();
});
