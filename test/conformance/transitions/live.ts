/**
 * Drives Prefect's own server and this service through the same new sequences, and tells where they differ:
 *
 *   PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED=false prefect server start --port 4201
 *   node test/conformance/transitions/live.ts --peer http://127.0.0.1:4201/api [--from 1001] [--seeds 200] [--kinds flow,task,limited]
 */
import { parseArgs } from "node:util";
import { startServer } from "../../support/server.ts";
import { compareSequence } from "./compare.ts";
import { CLIENT_HEADERS, driveAll } from "./corpus.ts";
import { type Api, type Observation, prepare } from "./drive.ts";
import { sequenceOf } from "./sequence.ts";

const { values } = parseArgs({
  options: {
    peer: { type: "string" },
    from: { type: "string", default: "1001" },
    seeds: { type: "string", default: "200" },
    kinds: { type: "string", default: "flow,task,limited" },
  },
});
if (values.peer === undefined) throw new Error("Name Prefect's server: --peer http://127.0.0.1:4201/api");
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index).filter((seed) =>
  values.kinds.split(",").includes(sequenceOf(seed).kind),
);
const mark = `l${Date.now()}`;

const server = await startServer();
const { api_url: base, api_key: key } = server.local;
const here: Api = { base, headers: { ...CLIENT_HEADERS, authorization: `Bearer ${key}` }, patient: false };
const there: Api = { base: values.peer, headers: CLIENT_HEADERS, patient: true };

const theirs = new Map<number, Observation[]>();
await driveAll(there, await prepare(there), seeds, { atOnce: 3, mark }, ({ seed }, seen) => theirs.set(seed, seen));
let [same, explained, differing] = [0, 0, 0];
await driveAll(here, await prepare(here), seeds, { atOnce: 16, mark }, (sequence, seen) => {
  const difference = compareSequence(sequence, theirs.get(sequence.seed) ?? [], seen);
  if (difference === null) same += 1;
  else if (difference.reason) explained += 1;
  else {
    differing += 1;
    console.log(`${difference.told}\n`);
  }
});
await server.stop();
console.log(`${same} alike, ${explained} with an accepted difference, ${differing} differing`);
process.exitCode = differing > 0 ? 1 : 0;
