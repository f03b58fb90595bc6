/** The orders of lists as SQL, saying of rows of the index what domain/filter/order.ts says of records. */
import type { FlowRunSort } from "@millrace/domain/filter/order.ts";

/** Flow runs, as columns of `flow_runs r`. */
export const FLOW_RUN_ORDERS: { readonly [Sort in FlowRunSort]: string } = {
  ID_DESC: "r.id DESC",
  START_TIME_ASC: "r.start_or_expected ASC, r.id DESC",
  START_TIME_DESC: "r.start_or_expected DESC, r.id DESC",
  EXPECTED_START_TIME_ASC: "r.expected_start_time ASC, r.id DESC",
  EXPECTED_START_TIME_DESC: "r.expected_start_time DESC, r.id DESC",
  NAME_ASC: "r.name ASC, r.id DESC",
  NAME_DESC: "r.name DESC, r.id DESC",
  NEXT_SCHEDULED_START_TIME_ASC: "r.next_scheduled_start_time ASC, r.id DESC",
  END_TIME_DESC: "r.end_time DESC, r.id DESC",
};
