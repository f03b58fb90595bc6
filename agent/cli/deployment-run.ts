import type { JsonObject } from "@millrace/domain/json.ts";
import { ApiError } from "../sdk/api/connect.ts";
import { runPage } from "../sdk/run-page.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findDeployment } from "./find-deployment.ts";
import { badParameters, missingParameters, PARAM_OPTION, readParameters, unknownParameters } from "./parameters.ts";
import type { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Starts a run of a deployment; with --watch follows it to its end.",
  examples: [
    "millrace deployment run hello/default",
    "millrace deployment run hello/default -p name=Ada --watch",
    "millrace deployment run hello/default --watch -o json",
  ],
  positionals: ["<flow/deployment>"],
  options: {
    param: PARAM_OPTION,
    name: { type: "string", value: "NAME", description: "the run's name" },
    tag: { type: "string", multiple: true, value: "TAG", description: "a tag of the run" },
    watch: {
      type: "boolean",
      short: "w",
      description: "follow it; exit code 10, 11, 12 where it failed, crashed, was cancelled",
    },
    "idempotency-key": { type: "string", value: "KEY", description: "a second call with the same key starts nothing" },
  },
  async run(call) {
    const { call: api, settings } = await apiOf(call);
    const deployment = await findDeployment(api, call.args[0] as string);
    const schema = deployment.parameter_openapi_schema as JsonObject | null;
    const parameters = readParameters(call.texts("param"), schema);
    for (const sentence of unknownParameters(parameters, schema)) call.out.complain(sentence);
    const missing = missingParameters({ ...(deployment.parameters as JsonObject), ...parameters }, schema);
    if (missing.length > 0 && deployment.enforce_parameter_schema) throw badParameters(missing, parameters, schema);
    const body = {
      parameters,
      name: call.text("name"),
      tags: [...call.texts("tag")],
      idempotency_key: call.text("idempotency-key"),
    };
    const run = await api("POST /deployments/{id}/create_flow_run", { params: { id: deployment.id }, body }).catch(
      (error: unknown) => {
        throw refusedParameters(error, parameters, schema) ?? error;
      },
    );
    const page = runPage(settings.url, run.id);
    if (!call.flag("watch")) {
      call.out.record({ id: run.id, name: run.name, state: run.state_name, page }, { ...run, page }, run.id);
      return undefined;
    }
    call.out.say(`Run ${run.name}: ${page}`);
    const { interruptible } = await import("./interruptible.ts");
    const { watchRun } = await import("./watch-run.ts");
    return interruptible(`millrace runs watch ${run.id}`, call.out, (signal) =>
      watchRun(settings, run.id, call.out, signal),
    );
  },
};

/** How the server, as Prefect's, says that a parameter does not fit. */
const REFUSED = /Validation failed(?: for field '([^']+)')?\. Failure reason: (.*)/s;

function refusedParameters(error: unknown, given: JsonObject, schema: JsonObject | null): Problem | null {
  if (!(error instanceof ApiError)) return null;
  const [, field = "", message] = REFUSED.exec(error.detail) ?? [];
  return message === undefined ? null : badParameters([{ field, message }], given, schema);
}
