/** Why a run that is due does not begin, where that is known and somebody could do something about it. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { Client } from "../sdk/api/connect.ts";
import { conclusion } from "./runs-why.ts";

/** Milliseconds that a run may wait before anybody wonders. */
const PATIENCE_MS = 3_000;

/** The sentence; null where the run is not due, or nothing is in its way. */
export async function whyWaiting(api: Client, run: WireFlowRun, now: number): Promise<string | null> {
  if (run.state_type !== "SCHEDULED" || Date.parse(run.expected_start_time ?? "") > now) return null;
  // A program's own run waits for that program.
  if (run.deployment_id === null) return null;
  const diagnosis = await api("GET /flow_runs/{id}/diagnosis", { params: { id: run.id } });
  return diagnosis.waits_for === null ? null : conclusion(diagnosis);
}

/** Tells it once, when the run that `latest` gives has been waiting for a while. Answers how to stop looking. */
export function tellWhyWaiting(api: Client, latest: () => WireFlowRun | null, say: (text: string) => void): () => void {
  const timer = setTimeout(async () => {
    const run = latest();
    // A hint: whoever follows the run is told by the run itself when the server is away.
    const why = run && (await whyWaiting(api, run, Date.now()).catch(() => null));
    if (why) say(why);
  }, PATIENCE_MS);
  return () => clearTimeout(timer);
}
