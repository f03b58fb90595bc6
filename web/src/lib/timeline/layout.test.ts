import fc from "fast-check";
import { expect, test } from "vitest";
import { lookOfState } from "../state/state-look.ts";
import {
  barsInView,
  extentOf,
  type Frame,
  inOrder,
  MIN_BAR,
  pan,
  rowAt,
  rowsInView,
  type Span,
  scrollTo,
  ticksOf,
  zoom,
} from "./layout.ts";

const look = lookOfState({ type: "COMPLETED", name: "Completed" });
const span = (
  id: string,
  waitFrom: number | null,
  from: number | null,
  to: number | null,
  kind: Span["kind"] = "task",
): Span => ({
  id,
  label: id,
  kind,
  look,
  waitFrom,
  from,
  to,
  attempts: 1,
  child: null,
});
const frame = (over: Partial<Frame> = {}): Frame => ({
  width: 500,
  height: 300,
  gutter: 100,
  axis: 24,
  row: 26,
  scroll: 0,
  ...over,
});

const time = fc.integer({ min: 0, max: 10_000 });
const spans = fc.array(
  fc
    .tuple(fc.uuid(), fc.option(time), fc.option(time), fc.option(time), fc.boolean())
    .map(([id, wait, run, ran, sub]) => {
      const from = run === null ? null : (wait ?? 0) + run;
      return span(id, wait, from, from === null || ran === null ? null : from + ran, sub ? "subflow" : "task");
    }),
  { maxLength: 40 },
);

test("[WE20] the run comes first, then what began first; equal beginnings never change places", () => {
  const rows = [
    span("c", 20, 30, 40),
    span("b", 10, 12, 13),
    span("a", 10, 11, 12),
    span("z", 15, 15, 50, "flow"),
    span("d", null, null, null),
  ];
  expect(inOrder(rows).map(({ id }) => id)).toEqual(["z", "a", "b", "c", "d"]);
  expect(inOrder([...rows].reverse()).map(({ id }) => id)).toEqual(["z", "a", "b", "c", "d"]);
});

test("[WE21] every bar lies inside the plot and can be seen", () => {
  fc.assert(
    fc.property(
      spans,
      fc.double({ min: 1, max: 1000, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (some, by, move) => {
        const rows = inOrder(some);
        const extent = extentOf(rows, 20_000);
        const view = pan(zoom(extent, extent, by), extent, move);
        for (const bar of barsInView(rows, view, frame(), 20_000)) {
          for (const part of [bar.wait, bar.run]) {
            if (!part) continue;
            expect(part.x).toBeGreaterThanOrEqual(100);
            expect(part.x + part.width).toBeLessThanOrEqual(500.001);
            expect(part.width).toBeGreaterThanOrEqual(MIN_BAR);
          }
        }
      },
    ),
  );
});

test("[WE21] bars begin and end where their times say", () => {
  const rows = [span("a", 0, 100, 300), span("b", null, 300, null)];
  const [a, b] = barsInView(rows, { from: 0, to: 400 }, frame(), 400);
  expect(a).toMatchObject({ y: 24, wait: { x: 100, width: 100 }, run: { x: 200, width: 200, open: false } });
  expect(b).toMatchObject({ y: 50, wait: null, run: { x: 400, width: 100, open: true } });
});

test("[WE22] a picture of 20,000 tasks computes only the rows in view", () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => span(`t${n}`, n, n + 1, n + 5));
  const bars = barsInView(rows, extentOf(rows, 0), frame({ scroll: 260_000 }), 0);
  expect(bars.length).toBeLessThanOrEqual(12);
  expect(bars[0]!.index).toBe(10_000);
});

test("[WE23] the point under a row's bar finds the row, at any scroll", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 5000 }), (count, scroll) => {
      const view = frame({ scroll });
      const rows = Array.from({ length: count }, (_, n) => span(`t${n}`, n, n + 1, n + 5));
      for (const bar of barsInView(rows, extentOf(rows, 0), view, 0)) {
        const middle = bar.y + 13;
        if (middle >= view.axis && middle <= view.height) expect(rowAt(middle, count, view)).toBe(bar.index);
      }
      expect(rowAt(3, count, view)).toBeNull();
    }),
  );
});

test("[WE23] bringing a row into view moves as little as possible", () => {
  const view = frame({ scroll: 260 });
  expect(scrollTo(3, view)).toBe(78);
  expect(scrollTo(12, view)).toBe(260);
  expect(scrollTo(40, view)).toBe(790);
  const [first, last] = rowsInView(100, { ...view, scroll: 790 });
  expect(first <= 40 && 40 < last).toBe(true);
});

test("[WE24] zooming and moving never leave the run's time, and zooming out all the way shows it all", () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const step = fc.tuple(
    fc.double({ min: 0.01, max: 100, noNaN: true }),
    fc.double({ min: -5, max: 5, noNaN: true }),
    part,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const extent = { from: 1000, to: 9000 };
      let view = extent;
      for (const [by, move, at] of steps) {
        view = pan(zoom(view, extent, by, view.from + (view.to - view.from) * at), extent, move);
        expect(view.from).toBeGreaterThanOrEqual(999.999);
        expect(view.to).toBeLessThanOrEqual(9000.001);
        expect(view.to - view.from).toBeGreaterThan(0);
      }
      expect(zoom(view, extent, 1e-9).to).toBeCloseTo(9000, 3);
    }),
  );
});

test("[WE25] the axis has round times, in order, as many as fit", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e10, noNaN: true }), fc.integer({ min: 150, max: 2000 }), (length, width) => {
      const ticks = ticksOf({ from: 0, to: length }, 0, { width, gutter: 100 });
      expect(ticks.length).toBeLessThanOrEqual((width - 100) / 72 + 1);
      expect(ticks.every((tick) => tick.x >= 100 && tick.x <= width + 0.001)).toBe(true);
    }),
  );
  expect(ticksOf({ from: 1000, to: 3000 }, 1000, { width: 500, gutter: 100 }).map(({ offset }) => offset)).toEqual([
    0, 500, 1000, 1500, 2000,
  ]);
});

test("[WE20] a run that has not begun, or is due tomorrow, has a picture too", () => {
  expect(extentOf([], 1000)).toEqual({ from: 500, to: 1500 });
  expect(extentOf([span("a", 1e12, null, null)], 1000)).toEqual({ from: 500, to: 1500 });
  expect(extentOf([span("a", 900, null, null)], 1000).to).toBeGreaterThanOrEqual(1000);
});
