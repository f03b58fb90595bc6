/** The next times of a schedule as people want to see them: on the wall of its zone, with a word where clocks change. */
import type { Instant } from "../time.ts";
import { instant } from "../time.ts";
import { DAY } from "./civil.ts";
import type { Timetable } from "./schedule.ts";
import { localText, momentsOf, wallAt, type Zone } from "./zone.ts";

export interface Preview {
  at: Instant;
  local: string;
  warning: string | null;
}

/** How far a preview looks for times that come rarely. */
const FARTHEST = 10 * 366 * DAY;

export function preview({ zone, between }: Timetable, after: Instant, count: number): Preview[] {
  const found: Preview[] = [];
  for (const at of between(after, instant(after + FARTHEST))) {
    found.push({ at, local: localText(zone, at), warning: warningAt(zone, at) });
    if (found.length >= count) break;
  }
  return found;
}

function warningAt(zone: Zone, at: Instant): string | null {
  const moments = momentsOf(zone, wallAt(zone, at));
  if (moments.kind === "twice") {
    const which = moments.first === at ? "first" : "second";
    return `Clocks go back: they show this time twice, and this is the ${which}.`;
  }
  const change = zone.transitions(instant(at - DAY), at).at(-1);
  if (!change || change.offset <= change.before || at >= change.at + change.offset - change.before) return null;
  const [from, to] = [change.at + change.before, change.at + change.offset].map((wall) => timeOf(wall));
  return `Clocks go forward from ${from} to ${to}: a time between them is due when this one is.`;
}

const timeOf = (wall: number): string => new Date(wall / 1000).toISOString().slice(11, 16);
