/** Which states runs have been in, as lists of choices show them. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { otherwise, TimestampText } from "./wire.ts";

export const observedStates = {
  read: endpoint({
    method: "GET",
    path: "/observed-states",
    scope: "see_flows",
    query: z.object({
      query: z.string().max(100).optional(),
      order_by: otherwise(z.enum(["NAME_ASC", "LAST_SEEN_DESC"]), "LAST_SEEN_DESC"),
      limit: otherwise(z.coerce.number().int().min(1).max(200), 200),
    }),
    status: 200,
    result: z.array(
      z.object({
        state_type: z.string(),
        state_name: z.string(),
        first_seen: TimestampText,
        last_seen: TimestampText,
      }),
    ),
    summary: "The states that flow runs and task runs have been in, by their type and name.",
  }),
};
