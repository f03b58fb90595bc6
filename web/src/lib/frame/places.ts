/** The places of the app that exist, in the order in which people see them. */

import {
  routeForArtifacts,
  routeForBlocks,
  routeForDeployments,
  routeForFlows,
  routeForLimits,
  routeForPools,
  routeForRuns,
  routeForVariables,
} from "../route-for.ts";
import { parseRunFilter } from "../run/run-filter.ts";
import type { Glyph, Tone } from "../state/state-look.ts";

type PlaceGlyph = "list" | "calendar" | "flow" | "deployment" | "pool" | "artifact" | "limit" | "variable" | "block";

export interface Place {
  name: string;
  /** The name where there is room for one word. */
  short: string;
  href: string;
  /** A sign of its own, or the one of a state, in the state's colour. */
  glyph: PlaceGlyph | [Glyph, Tone];
  /** It has a place at the thumb of a phone, where there are four and the way to all others. */
  thumb: boolean;
  /** Second key after `g`. */
  key: string;
}

const place = (
  name: string,
  short: string,
  href: string,
  glyph: Place["glyph"],
  key: string,
  thumb = false,
): Place => ({ name, short, href, glyph, key, thumb });

/** What stands together in the navigation. */
export const PLACE_GROUPS: readonly (readonly Place[])[] = [
  [
    place("All runs", "Runs", routeForRuns(), "list", "r", true),
    place("Running", "Running", routeForRuns("?state=running"), ["play", "run"], "n"),
    place("Failed or crashed", "Failed", routeForRuns("?state=failed,crashed"), ["cross", "bad"], "f", true),
    place("Late or waiting to retry", "Late", routeForRuns("?state=late,awaiting-retry"), ["clock", "late"], "l"),
    place("Upcoming", "Upcoming", routeForRuns("?when=upcoming"), "calendar", "u"),
  ],
  [
    place("Flows", "Flows", routeForFlows(), "flow", "w"),
    place("Deployments", "Deployments", routeForDeployments(), "deployment", "d", true),
    place("Work pools", "Pools", routeForPools(), "pool", "p", true),
  ],
  [
    place("Artifacts", "Artifacts", routeForArtifacts(), "artifact", "a"),
    place("Concurrency limits", "Limits", routeForLimits(), "limit", "c"),
    place("Variables", "Variables", routeForVariables(), "variable", "v"),
    place("Blocks", "Blocks", routeForBlocks(), "block", "b"),
  ],
];

export const PLACES: readonly Place[] = PLACE_GROUPS.flat();

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
