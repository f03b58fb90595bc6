/** Proposes a state of a flow run and says what became of it. WAIT is obeyed here; callers see the three real answers. */

import type { WireState } from "@millrace/contract/states.ts";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { ApiError, type Client } from "./api/connect.ts";
import { sleep } from "./clock.ts";
import { LeaseLostError } from "./errors.ts";

export interface Proposal {
  type: StateType;
  name?: string;
  message?: string;
  data?: Json;
  details?: JsonObject;
}

export type Verdict =
  | { kind: "accepted"; state: WireState | null }
  /** The server put, or keeps, another state. */
  | { kind: "replaced"; state: WireState; reason: string }
  /** The run must not go on here. */
  | { kind: "refused"; reason: string }
  /** Another agent has the run. */
  | { kind: "lost"; reason: string };

/** `transitionId` names the attempt; whoever starts processes gives one, since the first costs a process 4 ms to make. */
export async function propose(
  api: Client,
  flowRunId: string,
  proposal: Proposal,
  signal?: AbortSignal,
  transitionId: string = crypto.randomUUID(),
): Promise<Verdict> {
  const body = {
    state: {
      type: proposal.type,
      name: proposal.name,
      message: proposal.message,
      data: proposal.data,
      state_details: { ...proposal.details, transition_id: transitionId },
    },
  };
  for (;;) {
    let answer: Awaited<ReturnType<typeof call>>;
    try {
      answer = await call(api, flowRunId, body, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) return { kind: "lost", reason: error.detail };
      if (error.status === 404) return { kind: "refused", reason: "The run is gone: somebody deleted it." };
      throw error;
    }
    const { state, status, details } = answer;
    const reason = ("reason" in details ? details.reason : null) ?? "";
    // A try whose answer was lost on the way is answered with the state that it had made.
    if (status === "ACCEPT" || state?.state_details.transition_id === transitionId) return { kind: "accepted", state };
    if (status === "REJECT" && state) return { kind: "replaced", state, reason };
    if (status !== "WAIT") return { kind: "refused", reason };
    const seconds = details.type === "wait_details" ? details.delay_seconds : 1;
    await sleep(Math.max(0.05, seconds) * 1000, signal);
  }
}

const call = (
  api: Client,
  id: string,
  body: Parameters<typeof api<"POST /flow_runs/{id}/set_state">>[1]["body"],
  signal?: AbortSignal,
) => api("POST /flow_runs/{id}/set_state", { params: { id }, body, ...(signal && { signal }) });

/** The error that a verdict of loss or refusal is to those who wait for the run. */
export const lossOf = (reason: string): LeaseLostError =>
  new LeaseLostError(reason || "Another agent has the run now.");
