/**
 * Where everything of a run's timeline stands: pure arithmetic from times to pixels, nothing drawn here.
 *
 * TL1  A row per span, in the order of beginning; the run itself is the first row.
 * TL2  Only rows in view are computed: the cost of a picture does not grow with the number of tasks.
 * TL3  Every bar lies inside the plot and is at least MIN_BAR wide, so that nothing that happened is invisible.
 */
import type { StateLook } from "../state/state-look.ts";

export interface Span {
  id: string;
  label: string;
  kind: "flow" | "task" | "subflow";
  look: StateLook;
  /** Milliseconds since 1970. When it began to wait; when it began; when it ended (null: not yet). */
  waitFrom: number | null;
  from: number | null;
  to: number | null;
  attempts: number;
  /** The flow run that this task stands for. */
  child: string | null;
}

/** A stretch of time in view, milliseconds. */
export interface Window {
  from: number;
  to: number;
}

/** The picture's measures in CSS pixels. The gutter at the left holds the labels, the axis at the top the times. */
export interface Frame {
  width: number;
  height: number;
  gutter: number;
  axis: number;
  row: number;
  scroll: number;
}

export interface Bar {
  index: number;
  span: Span;
  /** Top of its row. */
  y: number;
  /** Waiting: null when it did not wait, or not within the window. */
  wait: { x: number; width: number } | null;
  run: { x: number; width: number; open: boolean } | null;
}

export interface Tick {
  x: number;
  /** Milliseconds since the run's own beginning. */
  offset: number;
}

export const MIN_BAR = 3;
/** The narrowest window a person can zoom to, in milliseconds. */
const MIN_WINDOW = 1;
/** Room right of the last bar, as a part of the whole. */
const MARGIN = 0.04;

const beginOf = (span: Span): number => span.waitFrom ?? span.from ?? Number.POSITIVE_INFINITY;

/** The rows from top to bottom: the run, then what began first. Those that begin together go by name, so that rows never jump. */
export function inOrder(spans: readonly Span[]): Span[] {
  const rank = (span: Span): number => (span.kind === "flow" ? 0 : 1);
  return [...spans].sort(
    (a, b) => rank(a) - rank(b) || compare(beginOf(a), beginOf(b)) || compare(a.label, b.label) || compare(a.id, b.id),
  );
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** The whole time from the first wait to the last end, or to `now` while something is under way. */
export function extentOf(spans: readonly Span[], now: number): Window {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    // What lies far ahead (a run due tomorrow) must not squeeze what happened.
    const begin = span.from ?? (span.waitFrom !== null && span.waitFrom <= now ? span.waitFrom : null);
    if (begin === null) continue;
    from = Math.min(from, span.waitFrom !== null ? Math.min(span.waitFrom, begin) : begin);
    to = Math.max(to, span.to ?? now, begin);
  }
  if (from > to) return { from: now - 500, to: now + 500 };
  const length = Math.max(to - from, MIN_WINDOW);
  return { from, to: from + length * (1 + MARGIN) };
}

/** A factor above 1 shows less time. What lies at `at` stays where it is; never outside the extent. */
export function zoom(window: Window, extent: Window, factor: number, at = (window.from + window.to) / 2): Window {
  const whole = extent.to - extent.from;
  const length = Math.min(whole, Math.max(MIN_WINDOW, (window.to - window.from) / factor));
  const part = (at - window.from) / (window.to - window.from);
  return inside({ from: at - length * part, to: at + length * (1 - part) }, extent);
}

/** Moves the window by a part of its own length. */
export function pan(window: Window, extent: Window, part: number): Window {
  const step = (window.to - window.from) * part;
  return inside({ from: window.from + step, to: window.to + step }, extent);
}

function inside(window: Window, extent: Window): Window {
  const length = Math.min(window.to - window.from, extent.to - extent.from);
  const from = Math.min(Math.max(window.from, extent.from), extent.to - length);
  return { from, to: from + length };
}

/** First and one past the last row in view. */
export function rowsInView(count: number, frame: Frame): [number, number] {
  const first = Math.max(0, Math.floor(frame.scroll / frame.row));
  const last = Math.min(count, Math.ceil((frame.scroll + frame.height - frame.axis) / frame.row));
  return [Math.min(first, Math.max(0, last)), Math.max(0, last)];
}

/** The bars of the rows in view. `spans` are in order. */
export function barsInView(spans: readonly Span[], window: Window, frame: Frame, now: number): Bar[] {
  const [first, last] = rowsInView(spans.length, frame);
  const left = frame.gutter;
  const right = frame.width;
  const scale = (right - left) / (window.to - window.from);
  const place = (from: number, to: number): { x: number; width: number } | null => {
    if (to < window.from || from > window.to) return null;
    const x = Math.max(left, left + (from - window.from) * scale);
    const end = Math.min(right, left + (to - window.from) * scale);
    const width = Math.min(Math.max(end - x, MIN_BAR), right - left);
    return { x: Math.min(x, right - width), width };
  };
  const bars: Bar[] = [];
  for (let index = first; index < last; index++) {
    const span = spans[index]!;
    const began = span.from;
    const ended = span.to ?? (began === null ? null : Math.max(now, began));
    const run = began === null || ended === null ? null : place(began, Math.max(began, ended));
    const waited = span.waitFrom === null ? null : Math.max(0, (began ?? Math.max(now, span.waitFrom)) - span.waitFrom);
    // A wait of less than a bar's width would only smear its neighbour.
    const wait = waited !== null && waited * scale >= MIN_BAR ? place(span.waitFrom!, span.waitFrom! + waited) : null;
    bars.push({
      index,
      span,
      y: frame.axis + index * frame.row - frame.scroll,
      wait,
      run: run && { ...run, open: span.to === null },
    });
  }
  return bars;
}

/** Index of the row under a point of the picture; null outside the rows. */
export function rowAt(y: number, count: number, frame: Frame): number | null {
  if (y < frame.axis || y > frame.height) return null;
  const index = Math.floor((y - frame.axis + frame.scroll) / frame.row);
  return index >= 0 && index < count ? index : null;
}

/** Scroll position that brings a row into view, moving as little as possible. */
export function scrollTo(index: number, frame: Frame): number {
  const top = index * frame.row;
  const room = frame.height - frame.axis;
  if (top < frame.scroll) return top;
  return top + frame.row > frame.scroll + room ? Math.max(0, top + frame.row - room) : frame.scroll;
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];
const HOURS = [1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];
/** Room that one label of the axis needs, in pixels. */
const TICK_ROOM = 72;

/** Round times along the axis, counted from `origin`, as many as there is room for. */
export function ticksOf(window: Window, origin: number, frame: Pick<Frame, "width" | "gutter">): Tick[] {
  const room = frame.width - frame.gutter;
  const length = window.to - window.from;
  if (room < TICK_ROOM || length <= 0) return [];
  const least = length / Math.floor(room / TICK_ROOM);
  const day = 86_400_000;
  const step = [...STEPS, ...HOURS].find((candidate) => candidate >= least) ?? Math.ceil(least / day) * day;
  const ticks: Tick[] = [];
  for (let n = Math.ceil((window.from - origin) / step); origin + n * step <= window.to; n++) {
    ticks.push({ offset: n * step, x: frame.gutter + ((origin + n * step - window.from) / length) * room });
  }
  return ticks;
}
