/**
 * Records the corpus anew from a running server of Prefect's own:
 *
 *   PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED=false prefect server start --port 4201
 *   node test/conformance/transitions/record.ts --peer http://127.0.0.1:4201/api [--seeds 1000]
 */
import { parseArgs } from "node:util";
import { CLIENT_HEADERS, driveAll, type Recorded, writeCorpus } from "./corpus.ts";
import { prepare } from "./drive.ts";

const { values } = parseArgs({ options: { peer: { type: "string" }, seeds: { type: "string", default: "1000" } } });
if (values.peer === undefined) throw new Error("Name the server to record: --peer http://127.0.0.1:4201/api");

const api = { base: values.peer, headers: CLIENT_HEADERS, patient: true };
const recorded: Recorded[] = [];
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
await driveAll(api, await prepare(api), seeds, { atOnce: 3, mark: `r${Date.now()}` }, ({ seed }, seen) => {
  recorded.push({ seed, seen });
  if (recorded.length % 50 === 0) console.log(`${recorded.length} of ${seeds.length}`);
});
writeCorpus(recorded.sort((a, b) => a.seed - b.seed));
