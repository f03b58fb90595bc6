/** Puts a timeline's picture on a canvas. Where things stand is layout.ts's matter; this file only knows colours and strokes. */
import { GLYPH_PATHS } from "../state/glyph-paths.ts";
import { type Glyph, TONES, type Tone } from "../state/state-look.ts";
import { tellDuration } from "../time/tell.ts";
import type { Bar, Frame, Tick } from "./layout.ts";

const WORDS = ["ink", "ink-2", "ink-3", "line", "surface", "sunken", "raised", "tint", "accent"] as const;
export type Palette = Record<Tone | (typeof WORDS)[number], string> & { font: string };

export interface Picture {
  /** The moment of the picture, milliseconds. */
  at: number;
  frame: Frame;
  bars: readonly Bar[];
  ticks: readonly Tick[];
  /** Places of lines down the plot: where later attempts began. */
  attempts: readonly number[];
  /** Place of now; null when the run is over or now is out of view. */
  now: number | null;
  chosen: string | null;
  /** Row under the keyboard's cursor, and under the mouse. */
  cursor: number | null;
  hovered: number | null;
}

/** The tokens of app.css as the browser resolves them here and now. */
export function readPalette(host: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  host.append(probe);
  const palette = {} as Record<string, string>;
  for (const name of [...WORDS, ...TONES]) {
    probe.style.color = `var(--${name})`;
    palette[name] = getComputedStyle(probe).color;
  }
  palette.font = getComputedStyle(host).fontFamily;
  probe.remove();
  return palette as Palette;
}

const paths = new Map<Glyph, { fill: Path2D | null; stroke: Path2D | null }>();
function pathOf(glyph: Glyph): { fill: Path2D | null; stroke: Path2D | null } {
  let made = paths.get(glyph);
  if (!made) {
    const { fill, stroke } = GLYPH_PATHS[glyph];
    made = { fill: fill ? new Path2D(fill) : null, stroke: stroke ? new Path2D(stroke) : null };
    paths.set(glyph, made);
  }
  return made;
}

const BAR_HEIGHT = 12;
const GLYPH_SIZE = 13;
const INDENT = 10;

export function draw(canvas: CanvasRenderingContext2D, { frame, ...picture }: Picture, palette: Palette): void {
  const { width, height, axis, row } = frame;
  canvas.clearRect(0, 0, width, height);
  canvas.textBaseline = "middle";

  canvas.save();
  canvas.beginPath();
  canvas.rect(0, axis, width, height - axis);
  canvas.clip();
  for (const bar of picture.bars) {
    const back = bar.span.id === picture.chosen ? palette.tint : bar.index === picture.hovered ? palette.raised : null;
    if (back) {
      canvas.fillStyle = back;
      canvas.fillRect(0, bar.y, width, row);
    }
  }
  canvas.fillStyle = palette.line;
  for (const tick of picture.ticks) canvas.fillRect(Math.round(tick.x), axis, 1, height - axis);
  dashed(canvas, picture.attempts, palette.late, axis, height);
  for (const bar of picture.bars) {
    drawBar(canvas, bar, frame, palette);
    drawLength(canvas, bar, frame, palette, picture.at);
  }
  if (picture.now !== null) {
    canvas.fillStyle = palette.run;
    canvas.fillRect(Math.round(picture.now), axis, 1, height - axis);
  }
  for (const bar of picture.bars) drawLabel(canvas, bar, frame, palette, bar.span.id === picture.chosen);
  const under = picture.bars.find(({ index }) => index === picture.cursor);
  if (under) {
    canvas.strokeStyle = palette.accent;
    canvas.lineWidth = 2;
    canvas.strokeRect(1, under.y + 1, width - 2, row - 2);
  }
  canvas.restore();

  canvas.fillStyle = palette["ink-3"];
  canvas.font = `500 11px ${palette.font}`;
  canvas.textAlign = "left";
  for (const tick of picture.ticks) {
    const words = tick.offset === 0 ? "0" : `${tick.offset < 0 ? "−" : ""}${tellDuration(Math.abs(tick.offset))}`;
    if (tick.x + canvas.measureText(words).width + 4 <= width) canvas.fillText(words, tick.x + 4, axis / 2 + 1);
  }
  canvas.fillStyle = palette.line;
  canvas.fillRect(0, axis - 1, width, 1);
}

function dashed(
  canvas: CanvasRenderingContext2D,
  places: readonly number[],
  colour: string,
  top: number,
  bottom: number,
): void {
  canvas.strokeStyle = colour;
  canvas.lineWidth = 1;
  canvas.setLineDash([3, 3]);
  for (const place of places) {
    canvas.beginPath();
    canvas.moveTo(Math.round(place) + 0.5, top);
    canvas.lineTo(Math.round(place) + 0.5, bottom);
    canvas.stroke();
  }
  canvas.setLineDash([]);
}

function drawBar(
  canvas: CanvasRenderingContext2D,
  { span, y, wait, run }: Bar,
  { row }: Frame,
  palette: Palette,
): void {
  const top = y + (row - BAR_HEIGHT) / 2;
  const colour = palette[span.look.tone];
  if (wait) {
    // Waiting is a thin line with a foot at its beginning, working a full bar: they differ without colour.
    canvas.fillStyle = palette["ink-3"];
    canvas.fillRect(wait.x, y + row / 2 - 0.75, wait.width, 1.5);
    canvas.fillRect(wait.x, y + row / 2 - 4, 1.5, 8);
  }
  if (!run) return;
  canvas.fillStyle = colour;
  canvas.beginPath();
  const round = span.kind === "flow" ? 3 : Math.min(3.5, run.width / 2);
  canvas.roundRect(run.x, top, run.width, BAR_HEIGHT, run.open ? [round, 0, 0, round] : round);
  canvas.fill();
  if (span.kind !== "task" && run.width > 8) {
    // A run that holds others is hollow.
    canvas.fillStyle = palette.surface;
    canvas.globalAlpha = 0.55;
    canvas.fillRect(run.x + 3, top + 4, run.width - 6, BAR_HEIGHT - 8);
    canvas.globalAlpha = 1;
  }
  if (run.open && run.width > 10) {
    canvas.fillStyle = palette.surface;
    for (let x = run.x + run.width - 3; x > run.x + run.width - 10; x -= 3.5) canvas.fillRect(x, top, 1.25, BAR_HEIGHT);
  }
}

/** How long it took, beside its bar, where there is room; inside, where there is room only there. */
function drawLength(
  canvas: CanvasRenderingContext2D,
  { span, y, run }: Bar,
  frame: Frame,
  palette: Palette,
  at: number,
): void {
  if (!run || span.from === null) return;
  const length = (span.to ?? Math.max(at, span.from)) - span.from;
  const words = tellDuration(span.to === null && length >= 1000 ? Math.floor(length / 1000) * 1000 : length);
  canvas.font = `450 11px ${palette.font}`;
  const width = canvas.measureText(words).width;
  const right = run.x + run.width + 6;
  const fitsRight = right + width + 2 <= frame.width;
  if (!fitsRight && (span.kind !== "task" || width + 14 > run.width)) return;
  canvas.fillStyle = fitsRight ? palette["ink-3"] : palette.surface;
  canvas.fillText(
    words,
    fitsRight ? right : run.x + run.width - width - 6 - (run.open ? 10 : 0),
    y + frame.row / 2 + 0.5,
  );
}

function drawLabel(
  canvas: CanvasRenderingContext2D,
  { span, y }: Bar,
  frame: Frame,
  palette: Palette,
  chosen: boolean,
): void {
  const middle = y + frame.row / 2;
  const indent = span.kind === "flow" ? 0 : INDENT;
  const { fill, stroke } = pathOf(span.look.glyph);
  canvas.save();
  canvas.translate(12 + indent, middle - GLYPH_SIZE / 2);
  canvas.scale(GLYPH_SIZE / 16, GLYPH_SIZE / 16);
  canvas.fillStyle = canvas.strokeStyle = palette[span.look.tone];
  canvas.lineWidth = 1.6;
  if (stroke) canvas.stroke(stroke);
  if (fill) canvas.fill(fill, "evenodd");
  canvas.restore();
  canvas.font = `${span.kind === "flow" || chosen ? 600 : 450} 12.5px ${palette.font}`;
  canvas.fillStyle = palette.ink;
  const left = 12 + indent + GLYPH_SIZE + 7;
  const label = span.attempts > 1 ? `${span.label}  ×${span.attempts}` : span.label;
  canvas.fillText(fitted(canvas, label, frame.gutter - left - 10), left, middle + 0.5);
}

/** The text, cut with an ellipsis where there is no room. */
function fitted(canvas: CanvasRenderingContext2D, text: string, room: number): string {
  if (canvas.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (canvas.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${text.slice(0, low)}…`;
}
