/**
 * Checkpoints: values that a run keeps under keys of its own, so that an attempt which begins again finds what an earlier one did.
 *
 * [FR82] Every write makes the next version. Whoever names the version that it knows writes only over that one: of two that write
 *        at once, one is told so.
 */
import type { Json } from "../json.ts";
import type { Problem } from "../problem.ts";
import type { Instant } from "../time.ts";

/** What is kept: the value itself, or where it is too large for that the SHA-256 under which it lies elsewhere. */
export type CheckpointContent =
  | { value: Json; sha256: null; size: number }
  | { value: null; sha256: string; size: number };

export type Checkpoint = CheckpointContent & {
  key: string;
  version: number;
  created: Instant;
  updated: Instant;
};

/** Checkpoints that one run keeps. */
export const MOST_CHECKPOINTS = 10_000;

/** The checkpoint after `content` was written over `known`. `expected`: the version that the writer knows, 0 for none; null: any. */
export function written(
  known: Checkpoint | null,
  key: string,
  content: CheckpointContent,
  { expected, now }: { expected: number | null; now: Instant },
): Checkpoint | Problem {
  const version = known?.version ?? 0;
  if (expected !== null && expected !== version) {
    return {
      code: "conflict",
      what: `checkpoint ${key}`,
      is: version === 0 ? "not there" : `of version ${version}`,
      must: "Read it again, and write over the version that it has.",
    };
  }
  return { key, version: version + 1, created: known?.created ?? now, updated: now, ...content };
}

/** Those that were written before a moment: what an attempt from there on may rely on. */
export const writtenBefore = (checkpoints: readonly Checkpoint[], moment: Instant): Checkpoint[] =>
  checkpoints.filter(({ updated }) => updated < moment);
