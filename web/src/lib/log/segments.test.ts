import fc from "fast-check";
import { expect, test } from "vitest";
import { segmentsOf } from "./segments.ts";

test.each([
  ["see https://a.example/x?y=1.", ["https://a.example/x?y=1"]],
  ["(https://a.example/wiki/B_(c))", ["https://a.example/wiki/B_(c)"]],
  ["[http://127.0.0.1:4200/runs]", ["http://127.0.0.1:4200/runs"]],
  ["javascript:alert(1) data:text/html,x ftp://a", []],
  ["https://", []],
])("[WE19] in %j the links are %j", (message, links) => {
  expect(segmentsOf(message).flatMap(({ href }) => href ?? [])).toEqual(links);
});

test("[WE19] no character of a message is lost or added by its links", () => {
  const words = fc.array(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom(" ", "https://", "(", ").")));
  fc.assert(
    fc.property(words, (parts) => {
      const message = parts.join("");
      expect(
        segmentsOf(message)
          .map(({ text }) => text)
          .join(""),
      ).toBe(message);
    }),
  );
});
