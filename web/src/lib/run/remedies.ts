/** What can be done at once about what a run waits for. */
import { lacks } from "../access.ts";
import { api } from "../api.ts";
import type { Remedy } from "./diagnosis.ts";
import type { RunDetail } from "./run-detail.ts";

export interface Deed {
  words: string;
  unless: string | null;
  act: () => Promise<unknown>;
}

/** The deed that a remedy stands for; null where it is none of one click. */
export function deedOf(remedy: Remedy, run: RunDetail, scopes: readonly string[]): Deed | null {
  const { pool, queue } = run;
  switch (remedy) {
    case "resume-pool":
      return pool === null
        ? null
        : {
            words: "Resume the pool",
            unless: lacks(scopes, "write_work_pools"),
            act: () => api("PATCH /work_pools/{name}", { params: { name: pool }, body: { is_paused: false } }),
          };
    case "resume-queue":
      return pool === null || queue === null
        ? null
        : {
            words: "Resume the queue",
            unless: lacks(scopes, "write_work_queues"),
            act: () =>
              api("PATCH /work_pools/{work_pool_name}/queues/{name}", {
                params: { work_pool_name: pool, name: queue },
                body: { is_paused: false },
              }),
          };
    case "start-now":
      return {
        words: "Start it now",
        unless: lacks(scopes, "run_flows"),
        act: () =>
          api("POST /flow_runs/{id}/set_state", {
            params: { id: run.id },
            body: {
              state: { type: "SCHEDULED", state_details: { scheduled_time: new Date().toISOString() } },
              force: true,
            },
          }),
      };
    // Asked about in a dialog, or done on a machine.
    case "resume-run":
    case "cancel-by-force":
    case "start-agent":
      return null;
    default:
      return remedy satisfies never;
  }
}
