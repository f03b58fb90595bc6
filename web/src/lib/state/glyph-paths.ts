/**
 * The signs of states, drawn once for all: as SVG in pages and in the tab's icon, and on the timeline's canvas. A box of 16 by 16.
 * What ended is a solid shape, what has not ended is an outline, so that they differ without colour.
 */
import type { Glyph } from "./state-look.ts";

export interface GlyphPath {
  /** Filled with the even-odd rule: the inner shape is a hole. */
  fill?: string;
  /** Drawn with a line of 1.6. */
  stroke?: string;
}

const DISC = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z";
const RING = "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z";

export const GLYPH_PATHS: Record<Glyph, GlyphPath> = {
  check: { fill: `${DISC}M12 5.8 7.3 11.2 4 8.1 5.1 6.9 7.2 8.8 10.8 4.7Z` },
  cross: {
    fill: `${DISC}M5.4 4.3 8 6.9 10.6 4.3 11.7 5.4 9.1 8 11.7 10.6 10.6 11.7 8 9.1 5.4 11.7 4.3 10.6 6.9 8 4.3 5.4Z`,
  },
  bolt: { fill: "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1ZM9.1 3.4 4.7 8.9H7.5L6.7 12.6 11.3 7.1H8.4Z" },
  play: { stroke: RING, fill: "M6.5 5.2v5.6L11.1 8Z" },
  clock: { stroke: `${RING}M8 4.6V8l2.4 1.6` },
  hourglass: {
    stroke: RING,
    fill: "M4.2 8a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM7 8a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM9.8 8a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z",
  },
  retry: { stroke: "M13.6 8.4A5.7 5.7 0 1 1 11.6 3.6", fill: "M10.3 1.2 14.4 3.4 10.6 6Z" },
  pause: { fill: `${DISC}M5.2 4.9h1.9v6.2H5.2ZM8.9 4.9h1.9v6.2H8.9Z` },
  slash: { stroke: `${RING}M3.8 3.8 12.2 12.2` },
  stop: { stroke: RING, fill: "M5.6 5.6h4.8v4.8H5.6Z" },
  ring: { stroke: RING },
};

/** Colours of the tab's icon: in the middle between the themes, since a tab bar may be of either. */
const ICON_COLOURS = {
  ok: "#16a05f",
  bad: "#e5484d",
  crash: "#e2711d",
  run: "#3b82f6",
  wait: "#7c82d8",
  late: "#c98a15",
  pause: "#a566d4",
  off: "#80929a",
} as const;

/** The tab's icon for a state, as an address that needs no request. */
export function iconOfState(glyph: Glyph, tone: keyof typeof ICON_COLOURS): string {
  const { fill, stroke } = GLYPH_PATHS[glyph];
  const colour = ICON_COLOURS[tone];
  const shapes = [
    stroke ? `<path d="${stroke}" fill="none" stroke="${colour}" stroke-width="2" stroke-linecap="round"/>` : "",
    fill ? `<path d="${fill}" fill="${colour}" fill-rule="evenodd"/>` : "",
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shapes.join("")}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
