/** Stores a bundle and makes, or brings up to date, a deployment of one of its flows. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { ApiError, type Client } from "../api/connect.ts";
import { SettingsError } from "../errors.ts";
import type { FlowDefinition } from "../flow.ts";
import { labelsOf } from "../flow-run.ts";
import { parameterSchema, toParameters } from "../input.ts";
import type { Bundle } from "./bundle.ts";
import { BUNDLE_STEP } from "./bundle-step.ts";
import type { Deployed, DeployOptions } from "./options.ts";
import { keptSchedule, wantedSchedules } from "./schedules.ts";

export async function deployFlow(
  api: Client,
  definition: FlowDefinition,
  bundle: Bundle,
  options: DeployOptions<unknown>,
): Promise<Deployed> {
  const name = `${definition.name}/${options.name}`;
  const parameters = toParameters(definition.name, options.parameters);
  const wanted = options.schedules && wantedSchedules(definition.name, options.schedules);
  const [, flow, known] = await Promise.all([
    api("PUT /bundles/{sha256}", { params: { sha256: bundle.sha256 }, body: bundle.bytes as never }),
    api("POST /flows/", { body: { name: definition.name } }),
    findKnown(api, definition.name, options.name),
    assertPool(api, options.workPool),
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
      ...placeOf(known, options),
      ...boundOf(options),
      // A create replaces them all: what people gave it elsewhere is not to be lost by a new version of its code.
      schedules: wanted ?? known?.schedules.map(keptSchedule) ?? [],
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
function placeOf(known: WireDeployment | null, { workPool, queue }: DeployOptions<unknown>): Place {
  if (workPool !== undefined) return { work_pool_name: workPool, work_queue_name: queue };
  const { work_pool_name: pool, work_queue_name: its } = known ?? {};
  return { work_pool_name: pool ?? undefined, work_queue_name: queue ?? its ?? undefined };
}

/** The bound of its runs at once, where one is given. */
function boundOf({ concurrency }: DeployOptions<unknown>): object {
  if (!concurrency) return {};
  const { limit, onCollision } = concurrency;
  const strategy = { enqueue: "ENQUEUE", "cancel-new": "CANCEL_NEW" }[onCollision ?? "enqueue"];
  return { concurrency_limit: limit, concurrency_options: { collision_strategy: strategy } };
}

/** The deployment of this name; null: it is new. */
async function findKnown(api: Client, flow: string, name: string): Promise<WireDeployment | null> {
  const params = { flow_name: flow, deployment_name: name };
  return orMissing(api("GET /deployments/name/{flow_name}/{deployment_name}", { params }));
}

async function assertPool(api: Client, name: string | undefined): Promise<void> {
  if (name !== undefined && (await orMissing(api("GET /work_pools/{name}", { params: { name } }))) === null)
    throw new SettingsError(`There is no work pool "${name}" in this workspace.`);
}

async function orMissing<Found>(asked: Promise<Found>): Promise<Found | null> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return null;
  }
}
