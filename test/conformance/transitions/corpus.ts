/** The corpus: what Prefect's own server answered to the sequences of seeds 1, 2, 3 …, a line each. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Api, Ground, Observation } from "./drive.ts";
import { drive } from "./drive.ts";
import { type Sequence, sequenceOf } from "./sequence.ts";

export const CORPUS = join(import.meta.dirname, "corpus.jsonl");

export interface Recorded {
  seed: number;
  seen: Observation[];
}

export const readCorpus = (): Recorded[] =>
  readFileSync(CORPUS, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);

export const writeCorpus = (all: readonly Recorded[]): void =>
  writeFileSync(CORPUS, `${all.map((one) => JSON.stringify(one)).join("\n")}\n`);

/** Headers by which a server takes the caller for a client of today. */
export const CLIENT_HEADERS = { "user-agent": "prefect/3.9.1 (API 0.8.4)", "x-prefect-api-version": "0.8.4" };

/** Drives the sequences of these seeds, so many at a time. `mark` tells this recording's names from others'. */
export async function driveAll(
  api: Api,
  ground: Ground,
  seeds: readonly number[],
  { atOnce, mark }: { atOnce: number; mark: string },
  done: (sequence: Sequence, seen: Observation[]) => void,
): Promise<void> {
  const waiting = [...seeds];
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const sequence = sequenceOf(seed);
      done(sequence, await driven(api, ground, sequence, `${mark}-${seed}-`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** A sequence whose server broke off a connection is begun anew: whether the broken request was heard, nobody knows. */
async function driven(api: Api, ground: Ground, sequence: Sequence, mark: string, tries = 3): Promise<Observation[]> {
  try {
    return await drive(api, ground, sequence, mark);
  } catch (error) {
    if (!api.patient || tries === 0) throw error;
    return driven(api, ground, sequence, `${mark}x`, tries - 1);
  }
}
