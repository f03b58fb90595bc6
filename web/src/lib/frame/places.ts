/** The places of the app that exist, in the order in which people see them. */

import { routeForDeployments, routeForFlows, routeForPools, routeForRuns } from "../route-for.ts";
import { parseRunFilter } from "../run/run-filter.ts";
import type { Glyph, Tone } from "../state/state-look.ts";

export interface Place {
  name: string;
  /** The name where there is room for one word. */
  short: string;
  href: string;
  glyph: Glyph | "list" | "calendar" | "flow" | "deployment" | "pool";
  tone: Tone | null;
  /** It has a place at the thumb of a phone, where there are five. */
  thumb: boolean;
  /** Second key after `g`. */
  key: string;
}

export const PLACES: readonly Place[] = [
  { name: "All runs", short: "Runs", href: routeForRuns(), glyph: "list", tone: null, thumb: true, key: "r" },
  {
    name: "Running",
    short: "Running",
    href: routeForRuns("?state=running"),
    glyph: "play",
    tone: "run",
    thumb: false,
    key: "n",
  },
  {
    name: "Failed or crashed",
    short: "Failed",
    href: routeForRuns("?state=failed,crashed"),
    glyph: "cross",
    tone: "bad",
    thumb: true,
    key: "f",
  },
  {
    name: "Late or waiting to retry",
    short: "Late",
    href: routeForRuns("?state=late,awaiting-retry"),
    glyph: "clock",
    tone: "late",
    thumb: false,
    key: "l",
  },
  {
    name: "Upcoming",
    short: "Upcoming",
    href: routeForRuns("?when=upcoming"),
    glyph: "calendar",
    tone: null,
    thumb: false,
    key: "u",
  },
  { name: "Flows", short: "Flows", href: routeForFlows(), glyph: "flow", tone: null, thumb: true, key: "w" },
  {
    name: "Deployments",
    short: "Deployments",
    href: routeForDeployments(),
    glyph: "deployment",
    tone: null,
    thumb: true,
    key: "d",
  },
  { name: "Work pools", short: "Pools", href: routeForPools(), glyph: "pool", tone: null, thumb: true, key: "p" },
];

/** The place that an address belongs to; null when it is a list of the reader's own making. */
export function placeOf(url: URL): Place | null {
  const rest = PLACES.filter(({ href }) => !href.startsWith(routeForRuns()));
  const room = rest.find(({ href }) => url.pathname === href || url.pathname.startsWith(`${href}/`));
  if (room || !url.pathname.startsWith(routeForRuns())) return room ?? null;
  if (url.pathname !== routeForRuns()) return PLACES[0]!;
  const here = parseRunFilter(url.searchParams);
  const same = PLACES.find(({ href }) => {
    const there = parseRunFilter(new URL(href, url).searchParams);
    return there.when === here.when && there.is.join() === here.is.join() && here.not.length === 0;
  });
  return same ?? PLACES[0]!;
}
