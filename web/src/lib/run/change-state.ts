/** What people do to a run. Each answers a sentence when it was refused, and null when it was done. */
import type { WireOrchestration } from "@millrace/contract/flow-runs.ts";
import { api, sentenceOf } from "../api.ts";

/** Milliseconds after which a run that is still being cancelled may be cancelled by force. */
export const FORCE_AFTER = 3000;

const outcome = async (work: Promise<WireOrchestration>): Promise<string | null> => {
  try {
    const { status, details } = await work;
    // A rejection put another state in its place, such as CANCELLED at once where nothing has to be stopped: that is an answer.
    if (status === "ACCEPT" || status === "REJECT") return null;
    return ("reason" in details && details.reason) || "The server's rules did not allow it.";
  } catch (error) {
    return sentenceOf(error);
  }
};

/** Asks whoever executes the run to stop it. */
export const cancelRun = (id: string): Promise<string | null> =>
  outcome(
    api("POST /flow_runs/{id}/set_state", {
      params: { id },
      body: { state: { type: "CANCELLING", name: "Cancelling" } },
    }),
  );

/** Says that the run is cancelled, whatever its machine does. */
export const forceCancelRun = (id: string): Promise<string | null> =>
  outcome(
    api("POST /flow_runs/{id}/set_state", {
      params: { id },
      body: { state: { type: "CANCELLED", name: "Cancelled", message: "Cancelled by force." }, force: true },
    }),
  );

/** One more attempt of a run that has ended. */
export const retryRun = (id: string): Promise<string | null> =>
  outcome(api("POST /flow_runs/{id}/retry", { params: { id } }));
