/** What can be changed of a deployment, as its form asks for it. */
import type { Body } from "@millrace/contract/endpoints.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { DeploymentDetail } from "./load-deployments.ts";

const nullable = (type: string) => ({ anyOf: [{ type }, { type: "null" }] });

export const DEPLOYMENT_FIELDS: JsonObject = {
  properties: {
    description: { title: "Description", anyOf: [{ type: "string", maxLength: 100_000 }, { type: "null" }] },
    tags: { title: "Tags", type: "array", format: "lines", description: "One a line." },
    work_pool_name: { title: "Pool", ...nullable("string") },
    work_queue_name: { title: "Queue", ...nullable("string") },
    concurrency_limit: {
      title: "Runs at once",
      ...nullable("integer"),
      description: "The most of its runs that may be under way.",
    },
    collision_strategy: {
      title: "When there are as many",
      enum: ["ENQUEUE", "CANCEL_NEW"],
      description: "A further run waits (ENQUEUE), or is cancelled (CANCEL_NEW).",
    },
    parameters: { title: "Parameters", type: "object", description: "What its runs have where nobody says otherwise." },
    enforce_parameter_schema: { title: "Refuse parameters that the flow does not take", type: "boolean" },
    job_variables: { title: "Job variables", type: "object" },
  },
};

/** What stands in the form at first. */
export const valuesOf = (deployment: DeploymentDetail): JsonObject => ({
  description: deployment.description,
  tags: deployment.tags,
  work_pool_name: deployment.pool,
  work_queue_name: deployment.queue,
  concurrency_limit: deployment.concurrencyLimit,
  collision_strategy: deployment.collision ?? "ENQUEUE",
  parameters: deployment.parameters,
  enforce_parameter_schema: deployment.enforced,
  job_variables: deployment.jobVariables,
});

/** The change that the form says. */
export function changeOf({ collision_strategy, ...said }: JsonObject): Body<"PATCH /deployments/{id}"> {
  const options = collision_strategy === undefined ? {} : { concurrency_options: { collision_strategy } };
  return { ...said, ...options } as Body<"PATCH /deployments/{id}">;
}
