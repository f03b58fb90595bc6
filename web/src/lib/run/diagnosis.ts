/** Why a run does not run, as its page tells it. */
import type { WireDiagnosis } from "@millrace/contract/diagnoses.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { milliseconds } from "../time/tell.ts";

export type Check = WireDiagnosis["checks"][number];
export type Remedy = NonNullable<Check["remedy"]>;

/** Whether a run in this state waits for something that can be told. */
export const waits = (type: StateType | undefined): boolean =>
  type === "SCHEDULED" || type === "PENDING" || type === "PAUSED" || type === "CANCELLING";

/** The question that the page answers. */
export function questionOf(type: StateType | undefined): string {
  if (type === "PAUSED") return "Why does it not go on?";
  if (type === "CANCELLING") return "Why is it not cancelled yet?";
  return "Why is it not running?";
}

/** The check that the run waits for; null: nothing holds it up. */
export const obstacle = ({ checks }: WireDiagnosis): Check | null =>
  checks.find(({ verdict }) => verdict === "blocked") ?? null;

/** A sentence in pieces: its words, the moments in it, and the runs. */
export type Piece = { text: string } | { at: number } | { run: string };

const TOLD = /(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))|([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})/g;

/** Cuts a check's sentence, so that a moment is told the reader's way and a run is a link. */
export function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: all, 1: moment, 2: run, index } of message.matchAll(TOLD)) {
    const at = milliseconds(moment);
    if (index > from) pieces.push({ text: message.slice(from, index) });
    pieces.push(run ? { run } : at === null ? { text: all } : { at });
    from = index + all.length;
  }
  if (from < message.length) pieces.push({ text: message.slice(from) });
  return pieces;
}
