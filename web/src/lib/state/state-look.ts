/**
 * What a state looks like: a word, a tone (which colour token), a glyph. A state is never told by colour alone.
 *
 * The glyph names both the icon of the pages and the shape that the timeline draws.
 */
import type { StateType } from "@millrace/domain/state.ts";

export const TONES = ["ok", "bad", "crash", "run", "wait", "late", "pause", "off"] as const;
export type Tone = (typeof TONES)[number];

export const GLYPHS = [
  "check",
  "cross",
  "bolt",
  "play",
  "clock",
  "hourglass",
  "retry",
  "pause",
  "slash",
  "stop",
  "ring",
] as const;
export type Glyph = (typeof GLYPHS)[number];

export interface StateLook {
  /** The word people see: the state's own name. */
  word: string;
  tone: Tone;
  glyph: Glyph;
  /** The run is at work right now: its sign may move. */
  active: boolean;
}

const OF_TYPE: Record<StateType, [Tone, Glyph]> = {
  SCHEDULED: ["wait", "clock"],
  PENDING: ["wait", "hourglass"],
  RUNNING: ["run", "play"],
  COMPLETED: ["ok", "check"],
  FAILED: ["bad", "cross"],
  CANCELLED: ["off", "slash"],
  CRASHED: ["crash", "bolt"],
  PAUSED: ["pause", "pause"],
  CANCELLING: ["off", "stop"],
};

const OF_NAME: Record<string, [Tone, Glyph]> = {
  Late: ["late", "clock"],
  AwaitingRetry: ["late", "retry"],
  Retrying: ["run", "retry"],
  TimedOut: ["bad", "clock"],
};

/** The look of a state; of none, when a run has not got its first. */
export function lookOfState(state: { type: StateType; name: string } | null): StateLook {
  if (!state) return { word: "No state yet", tone: "off", glyph: "ring", active: false };
  const [tone, glyph] = OF_NAME[state.name] ?? OF_TYPE[state.type];
  return { word: spaced(state.name), tone, glyph, active: state.type === "RUNNING" || state.type === "CANCELLING" };
}

/** «AwaitingRetry» as people read it: «Awaiting retry». Names that people chose themselves stay as they are. */
const spaced = (name: string): string =>
  /^[A-Z][a-z]+(?:[A-Z][a-z]+)+$/.test(name)
    ? name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : name;

/** The sign that stands before a page's title, where no icon can be shown. */
export const SIGNS: Record<Glyph, string> = {
  check: "✓",
  cross: "✗",
  bolt: "⚡",
  play: "▶",
  clock: "◷",
  hourglass: "◷",
  retry: "↻",
  pause: "‖",
  slash: "⊘",
  stop: "⊘",
  ring: "○",
};

/** «✗ nightly-17 · ingest», so that a row of tabs can be told apart. */
export const titleOfRun = (state: { type: StateType; name: string } | null, run: string, flow: string | null): string =>
  `${SIGNS[lookOfState(state).glyph]} ${run}${flow ? ` · ${flow}` : ""}`;
