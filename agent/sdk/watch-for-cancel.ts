/**
 * Tells a run by hand that somebody cancels it: such a run has no agent that could. It listens on the run's own socket, where
 * Node has one (22 and newer); without it, and after a break, the run learns of it when it ends.
 */
import { socketToken } from "./api/connect.ts";
import type { ApiSettings } from "./api/settings.ts";
import { CancelledError } from "./errors.ts";

/** Calls `onCancel` once the run is being cancelled. Returns what ends the listening. */
export function watchForCancel(
  settings: ApiSettings,
  flowRunId: string,
  onCancel: (reason: CancelledError) => void,
): () => void {
  if (typeof WebSocket === "undefined") return () => {};
  const socket = new WebSocket(`${settings.url.replace(/^http/, "ws")}/flow_runs/${flowRunId}/live`, "prefect");
  socket.addEventListener("open", () =>
    socket.send(JSON.stringify({ type: "auth", token: socketToken(settings.credential) })),
  );
  socket.addEventListener("message", ({ data }) => {
    if (isCancelling(String(data))) onCancel(new CancelledError("The run was cancelled."));
  });
  // A server without this socket, or one that went away, is no fault of the run.
  socket.addEventListener("error", () => {});
  return () => socket.close();
}

function isCancelling(text: string): boolean {
  try {
    const { flow_run: run } = JSON.parse(text) as { flow_run?: { state_type?: string } };
    return run?.state_type === "CANCELLING" || run?.state_type === "CANCELLED";
  } catch {
    return false;
  }
}
