/** Stores a bundle and makes, or brings up to date, a deployment of one of its flows. */
import type { JsonObject } from "@millrace/domain/json.ts";
import { ApiError, type Client } from "../api/connect.ts";
import { SettingsError } from "../errors.ts";
import type { FlowDefinition } from "../flow.ts";
import { labelsOf } from "../flow-run.ts";
import { parameterSchema, toParameters } from "../input.ts";
import type { Bundle } from "./bundle.ts";
import { BUNDLE_STEP } from "./bundle-step.ts";
import type { Deployed, DeployOptions } from "./options.ts";

export async function deployFlow(
  api: Client,
  definition: FlowDefinition,
  bundle: Bundle,
  options: DeployOptions<unknown>,
): Promise<Deployed> {
  const name = `${definition.name}/${options.name}`;
  const parameters = toParameters(definition.name, options.parameters);
  const [, flow, place] = await Promise.all([
    api("PUT /bundles/{sha256}", { params: { sha256: bundle.sha256 }, body: bundle.bytes as never }),
    api("POST /flows/", { body: { name: definition.name } }),
    placeOf(api, definition.name, options),
  ]);
  const deployment = await api("POST /deployments/", {
    body: {
      name: options.name,
      flow_id: flow.id,
      entrypoint: `${bundle.file}:${definition.name}`,
      path: ".",
      pull_steps: [{ [BUNDLE_STEP]: { sha256: bundle.sha256 } }],
      parameter_openapi_schema: parameterSchema(definition.input),
      enforce_parameter_schema: true,
      parameters,
      labels: labelsOf(definition),
      tags: [...(options.tags ?? definition.tags)],
      ...place,
      description: options.description ?? definition.description,
      version: options.version ?? definition.version,
      job_variables: (options.jobVariables ?? {}) as JsonObject,
    },
  });
  const { id, work_pool_name: pool } = deployment;
  return { id, name, sha256: bundle.sha256, size: bundle.bytes.byteLength, pool };
}

type Place = { work_pool_name?: string | undefined; work_queue_name?: string | undefined };

/** The pool and queue of a deployment: those that are named, else those that it has already. */
async function placeOf(api: Client, flow: string, { name, workPool, queue }: DeployOptions<unknown>): Promise<Place> {
  if (workPool !== undefined) {
    await assertPool(api, workPool);
    return { work_pool_name: workPool, work_queue_name: queue };
  }
  try {
    const params = { flow_name: flow, deployment_name: name };
    const known = await api("GET /deployments/name/{flow_name}/{deployment_name}", { params });
    const pool = known.work_pool_name ?? undefined;
    return { work_pool_name: pool, work_queue_name: queue ?? known.work_queue_name ?? undefined };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return { work_queue_name: queue };
  }
}

async function assertPool(api: Client, name: string): Promise<void> {
  try {
    await api("GET /work_pools/{name}", { params: { name } });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new SettingsError(`There is no work pool "${name}" in this workspace.`);
  }
}
