/** The places of the app that exist, in the order in which people see them. */

import { routeForRuns } from "../route-for.ts";
import { parseRunFilter } from "../run/run-filter.ts";
import type { Glyph, Tone } from "../state/state-look.ts";

export interface Place {
  name: string;
  /** The name where there is room for one word. */
  short: string;
  href: string;
  glyph: Glyph | "list" | "calendar";
  tone: Tone | null;
  /** Second key after `g`. */
  key: string;
}

export const PLACES: readonly Place[] = [
  { name: "All runs", short: "Runs", href: routeForRuns(), glyph: "list", tone: null, key: "r" },
  { name: "Running", short: "Running", href: routeForRuns("?state=running"), glyph: "play", tone: "run", key: "n" },
  {
    name: "Failed or crashed",
    short: "Failed",
    href: routeForRuns("?state=failed,crashed"),
    glyph: "cross",
    tone: "bad",
    key: "f",
  },
  {
    name: "Late or waiting to retry",
    short: "Late",
    href: routeForRuns("?state=late,awaiting-retry"),
    glyph: "clock",
    tone: "late",
    key: "l",
  },
  {
    name: "Upcoming",
    short: "Upcoming",
    href: routeForRuns("?when=upcoming"),
    glyph: "calendar",
    tone: null,
    key: "u",
  },
];

/** The place that an address belongs to; null when it is a list of the reader's own making. */
export function placeOf(url: URL): Place | null {
  if (!url.pathname.startsWith(routeForRuns())) return null;
  if (url.pathname !== routeForRuns()) return PLACES[0]!;
  const here = parseRunFilter(url.searchParams);
  const same = PLACES.find(({ href }) => {
    const there = parseRunFilter(new URL(href, url).searchParams);
    return there.when === here.when && there.is.join() === here.is.join() && here.not.length === 0;
  });
  return same ?? PLACES[0]!;
}
