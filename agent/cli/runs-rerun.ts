import type { JsonObject } from "@millrace/domain/json.ts";
import type { CommandSpec } from "./command.ts";
import { eachRun, MANY_RUNS } from "./each-run.ts";
import { PARAM_OPTION, readParameters } from "./parameters.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description:
    "Starts a new run of the same deployment with the same parameters, or with some changed. `runs retry` goes on with the same run.",
  examples: [
    "millrace runs rerun shaggy-tiger",
    "millrace runs rerun shaggy-tiger -p day=2026-01-31",
    "millrace runs rerun --state failed --deployment hello/nightly --since 1d",
  ],
  positionals: ["[run...]"],
  options: { param: { ...PARAM_OPTION, description: "a parameter that is another one than then" }, ...MANY_RUNS },
  run: (call) =>
    eachRun(
      call,
      async (run, { call: api }) => {
        const id = run.deployment_id;
        if (!id)
          throw new Problem("This run has no deployment: a program began it by itself, and nobody else can.", {
            code: "refused",
          });
        const given = call.texts("param");
        const deployment = given.length > 0 ? await api("GET /deployments/{id}", { params: { id } }) : null;
        const changed = readParameters(given, (deployment?.parameter_openapi_schema ?? null) as JsonObject | null);
        const body = { parameters: { ...(run.parameters as JsonObject), ...changed }, tags: [...run.tags] };
        const made = await api("POST /deployments/{id}/create_flow_run", { params: { id }, body });
        return { id: made.id, name: made.name, state: made.state_name, note: `as ${run.name}` };
      },
      { verb: "Start anew" },
    ),
};
