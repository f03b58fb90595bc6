import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { parseTemplate, renderTemplate, TemplateFault } from "./template.ts";

const body: Json = {
  id: 7,
  name: 'Ada "the" \\ one',
  nested: { list: [1, { deep: "x" }, "last"], none: null, yes: true },
  "a-b": "dashed",
  length: "own",
};
const scope = { body, headers: { "x-github-event": "push" }, method: "POST" };
const render = (source: string): Json => renderTemplate(parseTemplate(source), scope);

test.each<[string, string, Json]>([
  ["[HO4] a number stays one", '{"n": {{ body.id }}}', { n: 7 }],
  ["[HO4] within quotes it is text", '{"n": "order-{{ body.id }}"}', { n: "order-7" }],
  ["[HO4] quotes and backslashes of a value end nothing", '{"n": "{{ body.name }}"}', { n: 'Ada "the" \\ one' }],
  ["[HO4] text without quotes around it gets its own", '{"n": {{ body.name }}}', { n: 'Ada "the" \\ one' }],
  ["[HO4] a whole object", '{"all": {{ body.nested }}}', { all: (body as { nested: Json }).nested }],
  [
    "[HO4] an object within quotes is its JSON",
    '{"all": "{{ body.nested.list }}"}',
    { all: '[1,{"deep":"x"},"last"]' },
  ],
  ["[HO4] the whole template may be one hole", "{{ body.nested.list[1] }}", { deep: "x" }],
  ["[HO4] a key", '{"{{ method }}": 1}', { POST: 1 }],
  ["[HO4] a hole after an escaped quote", '{"a": "\\"{{ body.id }}\\""}', { a: '"7"' }],
  ["[HO4] comments are left out", '{# what "this" is #}{"a": 1}', { a: 1 }],
  [
    "[HO5] steps by name, index and quotes",
    '[{{ body["a-b"] }}, {{ body.nested.list[-1] }}, {{ body.nested.list.0 }}]',
    ["dashed", "last", 1],
  ],
  ["[HO5] headers", '[{{ headers["x-github-event"] }}]', ["push"]],
  [
    "[HO5] what is not there is null, or nothing",
    '[{{ body.no.such[3].thing }}, "{{ body.no }}", {{ nobody }}]',
    [null, "", null],
  ],
  [
    "[HO5] or what default says",
    '[{{ body.no | default("x") }}, "{{ body.nested.none | default(5) }}", {{ body.id | default(1) }}]',
    ["x", "5", 7],
  ],
  [
    "[HO5] [S37] nothing is reached but own values",
    "[{{ body.constructor }}, {{ body.__proto__ }}, {{ body.name.length }}, {{ body.nested.list.length }}, {{ __proto__ }}]",
    [null, null, null, null, null],
  ],
  ["[HO5] own keys of any name are", "[{{ body.length }}]", ["own"]],
  [
    "[HO4] filters",
    '[{{ "aB" | upper }}, {{ " x " | trim | lower }}, {{ "12.5" | int }}, {{ "1.5" | float }}, {{ body.id | string }}]',
    ["AB", "x", 12, 1.5, "7"],
  ],
  [
    "[HO4] filters of lists",
    "[{{ body.nested.list | first }}, {{ body.nested.list | last }}, {{ body.nested.list | length }}, {{ body | length }}]",
    [1, "last", 3, 5],
  ],
  [
    "[HO4] tojson writes JSON, once",
    '[{{ body.name | tojson }}, "{{ body.nested.list | tojson }}"]',
    ['Ada "the" \\ one', '[1,{"deep":"x"},"last"]'],
  ],
  [
    "[HO4] literals",
    "[{{ 1 }}, {{ -2.5 }}, {{ true }}, {{ none }}, {{ 'it''s' | trim }}]".replace("''s", "\\'s"),
    [1, -2.5, true, null, "it's"],
  ],
  ["[HO4] closing braces within quotes", '[{{ "}}" }}]', ["}}"]],
])("%s", (_case, source, expected) => {
  expect(render(source)).toEqual(expected);
});

test.each<[string, string, RegExp]>([
  ["[HO6] [S37] a statement", "\n{% for x in y %}", /line 2: statements/],
  ["[HO6] a hole that is not closed", '{"a": {{ body', /line 1: {{ is not closed/],
  ["[HO6] a quote that is not closed", '{"a": "{{ body }}', /a quote is not closed/],
  ["[HO6] an empty hole", "{{ }}", /lacks a name/],
  ["[HO6] [S37] an operator", "{{ [1] * 100000000 }}", /not supported/],
  ["[HO6] [S37] a call", "{{ range(100000) }}", /not supported/],
  ["[HO6] concatenation", "{{ body ~ body }}", /not supported/],
  ["[HO6] an unknown filter", "{{ body | replace }}", /has no filter "replace"/],
  ["[HO6] [S37] a filter of Object's", "{{ body | constructor }}", /has no filter "constructor"/],
  ["[HO6] a chain of filters", `{{ body ${"| upper ".repeat(11)} }}`, /more than 10 filters/],
  ["[HO6] an index that is none", "{{ body[nested] }}", /without an index/],
  ["[HO6] nesting", `{{ ${"(".repeat(5000)} }}`, /lacks a name/],
])("%s is refused, with its place", (_case, source, message) => {
  expect(() => parseTemplate(source)).toThrow(TemplateFault);
  expect(() => parseTemplate(source)).toThrow(message);
});

test("[HO6] what makes no JSON is told", () => {
  expect(() => render('{"a": {{ body.id }}')).toThrow(/is no JSON/);
  expect(() => render("")).toThrow(/is no JSON/);
});

test.each([
  ["[HO6] [S37] writing a large value again and again", "[{{ body }}],".repeat(2000)],
  ["[HO6] [S37] looking at a large value again and again", "[{{ body | upper | length }}],".repeat(1000)],
])("%s ends at a million characters", (_case, source) => {
  const large = { body: "x".repeat(400_000) };
  expect(() => renderTemplate(parseTemplate(source), large)).toThrow(/more than 1000000 characters/);
});

test("[HO4] no value changes the form of what is made", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const made = renderTemplate(parseTemplate('{"a": {{ v }}, "b": "<{{ t }}>", "{{ t }}!": 1}'), {
        v: value as Json,
        t: text,
      });
      const plain = JSON.parse(JSON.stringify(value)) as Json;
      expect(made).toEqual(
        Object.fromEntries([
          ["a", plain],
          ["b", `<${text}>`],
          [`${text}!`, 1],
        ]),
      );
    }),
  );
});

test("[HO6] any text is either read or refused", () => {
  const piece = fc.constantFrom(
    "{{",
    "}}",
    "{%",
    "{#",
    "#}",
    '"',
    "'",
    "\\",
    "|",
    ".",
    "[",
    "]",
    "(",
    ")",
    "a",
    "1",
    " ",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parseTemplate(pieces.join(""));
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateFault);
      }
    }),
  );
});
