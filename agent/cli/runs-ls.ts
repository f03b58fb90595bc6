import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import type { Client } from "../sdk/api/connect.ts";
import { type Duration, milliseconds, readable } from "../sdk/duration.ts";
import { apiOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";
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
    state: {
      type: "string",
      value: "A,B",
      description: `of these states: ${STATE_TYPES.join(", ").toLowerCase()}`,
      values: STATE_TYPES.map((type) => type.toLowerCase()),
    },
    flow: { type: "string", value: "NAME", description: "of this flow", names: "flow" },
    deployment: {
      type: "string",
      value: "NAME",
      description: "of this deployment: its name, or flow/name",
      names: "deployment",
    },
    tag: { type: "string", multiple: true, value: "TAG", description: "with this tag" },
    since: { type: "string", value: "TIME", description: "expected to start within this time, as 2h or 7d" },
    limit: { type: "string", short: "n", value: "N", description: "at most so many: 20" },
  },
  async run(call) {
    const { call: api } = await apiOf(call);
    const rows = await list(api, call);
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

async function list(api: Client, call: Call): Promise<WireFlowRun[]> {
  const limit = call.count("limit", 1) ?? 20;
  const body = filter(call);
  const rows: WireFlowRun[] = [];
  while (rows.length < limit) {
    const size = Math.min(PAGE, limit - rows.length);
    const page = await api("POST /flow_runs/filter", {
      body: { ...body, sort: "EXPECTED_START_TIME_DESC", limit: size, offset: rows.length },
    });
    rows.push(...page);
    if (page.length < size) break;
  }
  return rows;
}

function filter(call: Call) {
  const state = call.text("state");
  const since = call.text("since");
  const [name, ofFlow] = (call.text("deployment")?.split("/", 2) ?? []).reverse();
  const flowName = call.text("flow") ?? ofFlow;
  const tags = call.texts("tag");
  return {
    flow_runs: {
      ...(state !== undefined && { state: { type: { any_: stateTypes(state) } } }),
      ...(since !== undefined && { expected_start_time: { after_: ago(since) } }),
      ...(tags.length > 0 && { tags: { all_: [...tags] } }),
    },
    ...(flowName !== undefined && { flows: { name: { any_: [flowName] } } }),
    ...(name !== undefined && { deployments: { name: { any_: [name] } } }),
  };
}

function stateTypes(list: string): StateType[] {
  return list.split(",").map((word) => {
    const type = word.trim().toUpperCase() as StateType;
    if (!STATE_TYPES.includes(type)) {
      throw usage(`There is no state "${word}"; there are ${STATE_TYPES.join(", ").toLowerCase()}.`, "--state");
    }
    return type;
  });
}

function ago(since: string): string {
  try {
    return new Date(Date.now() - milliseconds(since as Duration, "--since")).toISOString();
  } catch (error) {
    throw usage((error as Error).message, "--since");
  }
}

async function flowNames(api: Client, runs: readonly WireFlowRun[]): Promise<Map<string, string>> {
  const ids = [...new Set(runs.map((run) => run.flow_id))];
  if (ids.length === 0) return new Map();
  const flows = await api("POST /flows/filter", { body: { flows: { id: { any_: ids } }, limit: PAGE } });
  return new Map(flows.map((flow) => [flow.id, flow.name]));
}
