/**
 * The corpus of transitions, over the API, while no object remembers anything from one request to the next: what a run is like is
 * what was written of it.
 */
import { compareSequence } from "../../conformance/transitions/compare.ts";
import { CLIENT_HEADERS, driveAll, readCorpus } from "../../conformance/transitions/corpus.ts";
import { prepare } from "../../conformance/transitions/drive.ts";
import { bearerOf } from "../platform/authenticate.ts";
import type { ObjectHost } from "../platform/object-host.ts";
import { Platform } from "../platform/platform.ts";
import { Dice, Random } from "../platform/random.ts";
import { FINE } from "../platform/weather.ts";
import type { Ground } from "./world.ts";

/** How objects come to forget: put to sleep once they have nothing more to do, or ended whatever they are doing. */
export const FORGETTING: Readonly<Record<string, (host: ObjectHost) => boolean>> = {
  sleep: (host) => host.sleep(),
  crash: (host) => {
    const wasAwake = host.isAwake;
    host.crash("it crashed");
    return wasAwake;
  },
};

/** Simulated milliseconds that go by at a time. */
const PACE = 5;

export interface EvictionTrial {
  sequences: number;
  requests: number;
  /** Objects that forgot. */
  forgotten: number;
  /** Sequences that did not end as Prefect's server ended them, and for no accepted reason. */
  unexplained: string[];
}

/** Drives those sequences of the corpus that fall to `part` of `parts`. */
export async function evictionTrial(
  { how, part, parts }: { how: string; part: number; parts: number },
  ground: Ground,
): Promise<EvictionTrial> {
  const forget = FORGETTING[how];
  if (!forget) throw new Error(`Objects forget by ${Object.keys(FORGETTING).join(" or ")}.`);
  const outcome: EvictionTrial = { sequences: 0, requests: 0, forgotten: 0, unexplained: [] };
  const platform = new Platform({
    dice: new Dice(part, "platform"),
    weather: { ...FINE },
    tables: ground.tables,
    start: ground.machines(),
    releases: false,
    witness: { before: () => null, after: () => {} },
    complain: (error) => outcome.unexplained.push(String((error as Error)?.stack ?? error)),
  });
  const corpus = readCorpus().filter((_, at) => at % parts === part);
  const api = {
    base: "http://simulated/api",
    headers: { ...CLIENT_HEADERS, authorization: bearerOf(new Random(part, "workspace").uuid()) },
    patient: false,
    async fetch(request: Request): Promise<Response> {
      const answer = await platform.fetch(request);
      outcome.requests += 1;
      for (const host of platform.hosts.values()) if (forget(host)) outcome.forgotten += 1;
      return answer;
    },
  };
  const seen = new Map(corpus.map((recorded) => [recorded.seed, recorded.seen]));
  let driven = false;
  const driving = prepare(api)
    .then((prepared) =>
      driveAll(api, prepared, [...seen.keys()], { atOnce: 1, mark: "evicted" }, (sequence, ours) => {
        outcome.sequences += 1;
        const difference = compareSequence(sequence, seen.get(sequence.seed) ?? [], ours);
        if (difference && !difference.reason) outcome.unexplained.push(difference.told);
      }),
    )
    .finally(() => {
      driven = true;
    });
  while (!driven) await platform.time.pass(PACE);
  await driving;
  return outcome;
}
