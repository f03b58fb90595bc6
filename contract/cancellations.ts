/** What became of a cancellation below the run that was cancelled, on the wire. Outside Prefect's own. */
import type { Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { ById, TimestampText, text } from "./wire.ts";

const ReceiptOut = z.object({
  kind: z.enum(["flow-run", "task-run"]),
  id: z.uuid(),
  asked: TimestampText,
  /** Null: it has not answered yet, and is asked again. */
  answered: TimestampText.nullable(),
  /** The state in which it was when it answered; null: it was not there any more. */
  state_name: z.string().nullable(),
});
export type WireReceipt = z.output<typeof ReceiptOut>;

export const receiptToWire = ({ kind, id, asked, answered, state }: Receipt): WireReceipt => ({
  kind,
  id,
  asked: text(asked) as string,
  answered: text(answered),
  state_name: state,
});

export const cancellations = {
  read: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/cancellation",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: z.array(ReceiptOut),
    summary: "What was asked of the task runs and subflows of a cancelled run, and what they answered.",
  }),
};
