import { expect, test } from "vitest";
import { ansiToHtml, hasAnsi, withoutAnsi } from "./ansi.ts";

const RED = "\u001b[31mred\u001b[0m";

test("[WE31] a coloured line keeps its words, in the sixteen colours of our own", async () => {
  const toHtml = await ansiToHtml();
  expect(hasAnsi(RED)).toBe(true);
  expect(toHtml(RED)).toBe('<span class="ansi-red-fg">red</span>');
  expect(toHtml("\u001b[38;2;255;255;0mpale\u001b[0m")).not.toContain("style");
  expect(withoutAnsi(`a ${RED} \u001b]8;;https://a.example\u0007link\u001b]8;;\u0007`)).toBe("a red link");
});

test.each([
  "<img src=x onerror=alert(1)>",
  "\u001b[31m<script>alert(1)</script>\u001b[0m",
  '" onmouseover="alert(1)',
  "\u001b]8;;javascript:alert(1)\u0007x\u001b]8;;\u0007",
])("[WE31] nothing that a log line says becomes HTML: %j", async (message) => {
  const html = (await ansiToHtml())(message);
  expect(html).not.toMatch(/<(?!\/?(span|a)\b)/);
  expect(html).not.toMatch(/href="javascript|onerror=alert\(1\)>|<[^>]*onmouseover/);
});
