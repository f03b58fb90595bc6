import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { Client } from "../sdk/api/connect.ts";
import { readable } from "../sdk/duration.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { filteredRuns, RUN_FILTER } from "./run-filter.ts";
import { paintState } from "./state-colour.ts";

const PAGE = 200;

export const command: CommandSpec = {
  description: "Lists flow runs, newest first.",
  examples: [
    "millrace runs ls",
    "millrace runs ls --state failed,crashed --since 1d",
    "millrace runs ls --flow hello -o json",
    "millrace runs ls --state running -o name | xargs -r millrace runs cancel",
  ],
  options: {
    ...RUN_FILTER,
    limit: { type: "string", short: "n", value: "N", description: "at most so many: 20" },
  },
  async run(call) {
    const { call: api } = await apiOf(call);
    const rows = await filteredRuns(api, call, call.count("limit", 1) ?? 20);
    const flows = await flowNames(api, rows);
    call.out.list({
      rows: rows.map((run) => ({ ...run, flow_name: flows.get(run.flow_id) ?? null })),
      columns: {
        id: { title: "ID", of: (run) => run.id },
        name: { title: "NAME", of: (run) => run.name },
        flow: { title: "FLOW", of: (run) => run.flow_name },
        state: {
          title: "STATE",
          of: (run) => run.state_name,
          paint: (text, run, colours) => paintState(text, run.state_type, colours),
        },
        started: { title: "STARTED", of: (run) => run.start_time ?? run.expected_start_time, moment: true },
        duration: { title: "DURATION", of: (run) => (run.start_time ? readable(run.estimated_run_time * 1000) : null) },
      },
      name: (run) => run.id,
      empty: "No run fits.",
    });
    return undefined;
  },
};

async function flowNames(api: Client, runs: readonly WireFlowRun[]): Promise<Map<string, string>> {
  const ids = [...new Set(runs.map((run) => run.flow_id))];
  if (ids.length === 0) return new Map();
  const flows = await api("POST /flows/filter", { body: { flows: { id: { any_: ids } }, limit: PAGE } });
  return new Map(flows.map((flow) => [flow.id, flow.name]));
}
