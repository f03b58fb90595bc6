import { setTimeout as wait } from "node:timers/promises";
import type { WireReceipt } from "@millrace/contract/cancellations.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { readable } from "../sdk/duration.ts";
import type { Api } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { type Done, eachRun, MANY_RUNS } from "./each-run.ts";
import { followRun } from "./follow-run.ts";
import { interruptible } from "./interruptible.ts";
import { Problem } from "./problem.ts";

/** Milliseconds for those below a run that has ended to answer, and between two looks. */
const PATIENCE = 10_000;
const LOOK = 250;

export const command: CommandSpec = {
  description:
    "Cancels runs: their processes are asked to end, and killed after a grace. With --wait it says what became of each task run and subflow.",
  examples: [
    "millrace runs cancel 01a20db2",
    "millrace runs cancel shaggy-tiger --wait",
    "millrace runs cancel --state running --deployment hello/nightly",
  ],
  positionals: ["[run...]"],
  options: {
    ...MANY_RUNS,
    wait: { type: "boolean", description: "until each has ended, with a receipt of all that belonged to it" },
  },
  run: (call) =>
    interruptible(`millrace runs cancel --wait ${call.args.join(" ")}`, call.out, (signal) =>
      eachRun(
        call,
        async (run, api) => {
          const asked = await ask(run, api);
          return call.flag("wait") ? ended(asked, call, api, signal) : asked;
        },
        { verb: "Cancel" },
      ),
    ),
};

async function ask(run: WireFlowRun, { call: api }: Api): Promise<Done> {
  const { status, state, details } = await api("POST /flow_runs/{id}/set_state", {
    params: { id: run.id },
    body: { state: { type: "CANCELLING", name: "Cancelling" } },
  });
  const reason = "reason" in details ? details.reason : null;
  if (status === "ABORT") throw new Problem(reason ?? "The server refused.", { code: "refused" });
  return { id: run.id, name: run.name, state: state?.name ?? null, note: status === "ACCEPT" ? "" : (reason ?? "") };
}

/** Waits for the run's end and then for what belonged to it, and tells of each. */
async function ended(asked: Done, call: Call, { call: api, settings }: Api, signal: AbortSignal): Promise<Done> {
  const last = await followRun(settings, asked.id, {}, signal);
  const deadline = Date.now() + PATIENCE;
  const look = () => api("GET /flow_runs/{id}/cancellation", { params: { id: asked.id } });
  let receipts = await look();
  while (receipts.some(({ answered }) => answered === null) && Date.now() < deadline) {
    await wait(LOOK, undefined, { signal });
    receipts = await look();
  }
  for (const receipt of receipts) call.out.say(receiptLine(receipt));
  const over = last.state_type === "CANCELLED" ? asked.note : `It had ended as ${last.state_name}.`;
  return { ...asked, state: last.state_name, note: over, receipts };
}

/** What one of them was asked and what it answered. */
export function receiptLine({ kind, id, asked, answered, state_name }: WireReceipt): string {
  const what = kind === "flow-run" ? "subflow" : "task run";
  if (answered === null) return `… ${what} ${id} has not answered yet: it is asked again`;
  const after = readable(Math.max(0, Date.parse(answered) - Date.parse(asked)));
  return `✓ ${what} ${id} ${state_name ?? "was not there any more"} after ${after}`;
}
