/** Task workers: who is connected and takes background tasks. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { maybe, TimestampText } from "./wire.ts";

export const taskWorkers = {
  filter: endpoint({
    method: "POST",
    path: "/task_workers/filter",
    scope: "see_flows",
    body: z.object({ task_worker_filter: maybe(z.object({ task_keys: z.array(z.string()).max(5000) })) }),
    optionalBody: true,
    status: 200,
    result: z.array(z.object({ identifier: z.string(), task_keys: z.array(z.string()), timestamp: TimestampText })),
    summary: "Lists the task workers that are connected.",
  }),
};
