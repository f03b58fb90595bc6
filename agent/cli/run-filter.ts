/** Which runs are meant: the options by which `runs ls` lists them, and by which many are acted on at once. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import type { Client } from "../sdk/api/connect.ts";
import { type Duration, milliseconds } from "../sdk/duration.ts";
import type { Call, OptionSpec } from "./command.ts";
import { usage } from "./problem.ts";

const PAGE = 200;

export const RUN_FILTER: Readonly<Record<string, OptionSpec>> = {
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
};

/** Whether a filter was given. */
export const isFiltered = (call: Call): boolean =>
  Object.entries(RUN_FILTER).some(([name, { multiple }]) =>
    multiple ? call.texts(name).length > 0 : call.text(name) !== undefined,
  );

/** The filter as the wire has it. */
export function runFilter(call: Call) {
  const state = call.text("state");
  const since = call.text("since");
  const [name, ofFlow] = (call.text("deployment")?.split("/", 2) ?? []).reverse();
  const flowName = call.text("flow") ?? ofFlow;
  const tags = call.texts("tag");
  return {
    flow_runs: {
      ...(state !== undefined && {
        state: { type: { any_: state.split(",").map((one) => stateType(one, "--state")) } },
      }),
      ...(since !== undefined && { expected_start_time: { after_: ago(since) } }),
      ...(tags.length > 0 && { tags: { all_: [...tags] } }),
    },
    ...(flowName !== undefined && { flows: { name: { any_: [flowName] } } }),
    ...(name !== undefined && { deployments: { name: { any_: [name] } } }),
  };
}

/** The newest runs that the filter means, at most so many. */
export async function filteredRuns(api: Client, call: Call, limit: number): Promise<WireFlowRun[]> {
  const body = runFilter(call);
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

export function stateType(word: string, option: string): StateType {
  const type = word.trim().toUpperCase() as StateType;
  if (STATE_TYPES.includes(type)) return type;
  throw usage(`There is no state "${word}"; there are ${STATE_TYPES.join(", ").toLowerCase()}.`, option);
}

function ago(since: string): string {
  try {
    return new Date(Date.now() - milliseconds(since as Duration, "--since")).toISOString();
  } catch (error) {
    throw usage((error as Error).message, "--since");
  }
}
