import { readable } from "../sdk/duration.ts";
import { runPage } from "../sdk/run-page.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findRun } from "./find-run.ts";

export const command: CommandSpec = {
  description: "Shows a run: its state, its parameters, its result.",
  examples: [
    "millrace runs get 01a20db2",
    "millrace runs get shaggy-tiger -o json",
    "millrace runs get 01a20db2 --fields state,result",
  ],
  positionals: ["<run>"],
  async run(call) {
    const { call: api, settings } = await apiOf(call);
    const run = await findRun(api, call.args[0] as string);
    const flow = await api("GET /flows/{id}", { params: { id: run.flow_id } });
    const page = runPage(settings.url, run.id);
    const { state } = run;
    const kept = state?.type === "COMPLETED" ? (state.data ?? null) : null;
    call.out.record(
      {
        id: run.id,
        name: run.name,
        flow: flow.name,
        state: run.state_name,
        message: state?.message ?? null,
        attempts: run.run_count,
        started: run.start_time,
        ended: run.end_time,
        duration: run.start_time ? readable(run.estimated_run_time * 1000) : null,
        pool: run.work_pool_name,
        tags: run.tags.join(","),
        parameters: JSON.stringify(run.parameters),
        result: kept === null ? null : typeof kept === "string" ? kept : JSON.stringify(kept, null, 2),
        page,
      },
      { ...run, flow_name: flow.name, result: kept, page },
      run.id,
    );
    return undefined;
  },
};
