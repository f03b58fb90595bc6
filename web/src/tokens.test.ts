import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TONES } from "./lib/state/state-look.ts";

/** Reads `--name: light-dark(#light, #dark)` lines; the test knows the colours only from where the pages have them. */
const css = readFileSync(new URL("./app.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name!,
    { light: light!, dark: dark! },
  ]),
);
type Theme = "light" | "dark";
type Rgb = [number, number, number];

const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
const colour = (name: string, theme: Theme): Rgb => rgb(tokens.get(name)![theme]);
const mix = (a: Rgb, b: Rgb, part: number): Rgb => a.map((value, n) => value * part + b[n]! * (1 - part)) as Rgb;
const luminance = (value: Rgb): number => {
  const [r, g, b] = value.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: Rgb, b: Rgb): number => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const SURFACES = ["ground", "surface", "sunken", "raised", "tint"];
const THEMES: Theme[] = ["light", "dark"];

test.each(
  THEMES.flatMap((theme) => ["ink", "ink-2", "ink-3", "accent", ...TONES].map((word) => [word, theme] as const)),
)("[WE3] words in %s can be read on every surface of the %s theme", (word, theme) => {
  for (const surface of SURFACES) {
    expect(contrast(colour(word, theme), colour(surface, theme)), surface).toBeGreaterThanOrEqual(4.5);
  }
});

test.each(THEMES.flatMap((theme) => TONES.map((tone) => [tone, theme] as const)))(
  "[WE3] a badge of tone %s can be read in the %s theme",
  (tone, theme) => {
    const badge = mix(colour(tone, theme), colour("surface", theme), 0.12);
    expect(contrast(colour(tone, theme), badge)).toBeGreaterThanOrEqual(4.5);
  },
);

test.each(THEMES)("[WE3] edges of controls and the focus ring stand out in the %s theme", (theme) => {
  for (const surface of SURFACES) {
    expect(contrast(colour("edge", theme), colour(surface, theme)), surface).toBeGreaterThanOrEqual(3);
    expect(contrast(colour("accent", theme), colour(surface, theme)), surface).toBeGreaterThanOrEqual(3);
  }
  expect(contrast(colour("on-accent", theme), colour("accent", theme))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(colour("on-accent", theme), colour("accent-strong", theme))).toBeGreaterThanOrEqual(4.5);
});
