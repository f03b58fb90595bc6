/** Events of pools, queues and deployments, in the shape of the wire. */
import type { JsonObject } from "../json.ts";
import { formatInstant, type Instant } from "../time.ts";

export interface PoolNamed {
  id: string;
  name: string;
  type: string;
}

export interface QueueNamed {
  id: string;
  name: string;
}

interface Moment {
  id: string;
  at: Instant;
  /** The event that this one came shortly after. */
  follows?: string | null;
}

const poolResource = ({ id, name, type }: PoolNamed): JsonObject => ({
  "prefect.resource.id": `prefect.work-pool.${id}`,
  "prefect.resource.name": name,
  "prefect.work-pool.type": type,
  "prefect.resource.role": "work-pool",
});

const told = ({ id, at, follows }: Moment, event: JsonObject): JsonObject => ({
  occurred: formatInstant(at),
  related: [],
  payload: {},
  id,
  follows: follows ?? null,
  ...event,
});

/** Something that happened to a pool: `created`, `updated`, `deleted`. */
export const poolEvent = (
  what: string,
  pool: PoolNamed & { defaultQueue?: string },
  moment: Moment,
  payload: JsonObject = {},
): JsonObject => ofPool(what, poolResource(pool), moment, payload, pool.defaultQueue);

/** What a pool now is: `ready`, `not-ready`, `paused`. Of these alone the wire leaves out that the resource is a pool. */
export function poolStatusEvent(status: string, pool: PoolNamed, moment: Moment): JsonObject {
  const { "prefect.resource.role": _, ...resource } = poolResource(pool);
  return ofPool(status, resource, moment, {});
}

const ofPool = (
  what: string,
  resource: JsonObject,
  moment: Moment,
  payload: JsonObject,
  defaultQueue?: string,
): JsonObject =>
  told(moment, {
    event: `prefect.work-pool.${what}`,
    resource,
    related: defaultQueue
      ? [
          {
            "prefect.resource.id": `prefect.work-queue.${defaultQueue}`,
            "prefect.resource.role": "default-queue",
          },
        ]
      : [],
    payload,
  });

/** The same of a queue. */
export const queueEvent = (
  what: string,
  queue: QueueNamed,
  pool: PoolNamed,
  moment: Moment,
  payload: JsonObject = {},
): JsonObject =>
  told(moment, {
    event: `prefect.work-queue.${what}`,
    resource: {
      "prefect.resource.id": `prefect.work-queue.${queue.id}`,
      "prefect.resource.name": queue.name,
      "prefect.resource.role": "work-queue",
    },
    related: [poolResource(pool)],
    payload,
  });

/** A deployment with what it is related to. */
export interface DeploymentNamed {
  id: string;
  name: string;
  flow: { id: string; name: string } | null;
  queue: QueueNamed | null;
  pool: PoolNamed | null;
  storage: string | null;
  infrastructure: string | null;
  limit: string | null;
}

/** The same of a deployment. */
export function deploymentEvent(
  what: string,
  deployment: DeploymentNamed,
  moment: Moment,
  payload: JsonObject = {},
): JsonObject {
  const { flow, queue, pool, storage, infrastructure, limit } = deployment;
  const named = (kind: string, { id, name }: { id: string; name: string }): JsonObject => ({
    "prefect.resource.id": `prefect.${kind}.${id}`,
    "prefect.resource.name": name,
    "prefect.resource.role": kind,
  });
  const pointed = (kind: string, id: string | null, role: string): JsonObject[] =>
    id === null ? [] : [{ "prefect.resource.id": `prefect.${kind}.${id}`, "prefect.resource.role": role }];
  return told(moment, {
    event: `prefect.deployment.${what}`,
    resource: {
      "prefect.resource.id": `prefect.deployment.${deployment.id}`,
      "prefect.resource.name": deployment.name,
    },
    related: [
      ...(flow ? [named("flow", flow)] : []),
      ...(queue ? [named("work-queue", queue)] : []),
      ...(pool ? [poolResource(pool)] : []),
      ...pointed("block-document", storage, "storage"),
      ...pointed("block-document", infrastructure, "infrastructure"),
      ...pointed("concurrency-limit", limit, "concurrency-limit"),
    ],
    payload,
  });
}

/** What an update changed, as its event tells it. */
export function changes(before: JsonObject, after: JsonObject, fields: readonly string[]): JsonObject | null {
  const changed = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  if (changed.length === 0) return null;
  const updates = Object.fromEntries(
    changed.map((field) => [field, { from: before[field] ?? null, to: after[field] ?? null }]),
  );
  return { updated_fields: changed, updates };
}
