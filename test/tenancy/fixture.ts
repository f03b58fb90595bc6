/** Two tenants on one service, each with one of everything, so that one can try the ids of the other. */
import { createHash, randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Client, createClient } from "@millrace/contract/client.ts";
import type { EndpointRow } from "@millrace/contract/endpoint.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";

/** What one tenant has: a value for every parameter that a path can hold. */
export interface Things {
  flow: string;
  flowName: string;
  run: string;
  runState: string;
  input: string;
  checkpoint: string;
  taskRun: string;
  taskRunState: string;
  artifact: string;
  artifactKey: string;
  deployment: string;
  schedule: string;
  deploymentVersion: string;
  deploymentName: string;
  pool: string;
  queue: string;
  queueName: string;
  worker: string;
  workerName: string;
  bundle: string;
  log: string;
  limit: string;
  tag: string;
  tagLimit: string;
  lease: string;
  variable: string;
  variableName: string;
  blockType: string;
  blockTypeSlug: string;
  blockSchema: string;
  blockChecksum: string;
  blockDocument: string;
  blockDocumentName: string;
  webhook: string;
  savedSearch: string;
}

export interface Party extends Tenant {
  client: Client;
  things: Things;
}

const NOW = () => new Date().toISOString();

/** Makes one of everything in a tenant's workspace. Names hold the workspace's id, so that no two tenants share one. */
async function furnish(client: Client, workspaceId: string): Promise<Things> {
  const own = (name: string) => `${name}-${workspaceId}`;
  const flow = await client("POST /flows/", { body: { name: own("flow") } });
  const run = await client("POST /flow_runs/", {
    body: { flow_id: flow.id, name: own("run"), state: { type: "PENDING" }, parameters: { secret: own("secret") } },
  });
  const taskRun = await client("POST /task_runs/", {
    body: {
      flow_run_id: run.id,
      task_key: own("task"),
      dynamic_key: "0",
      name: own("task-run"),
      state: { type: "PENDING" },
    },
  });
  await client("POST /flow_runs/{id}/input", {
    params: { id: run.id },
    body: { key: own("input"), value: own("answer") },
  });
  await client("PUT /flow_runs/{id}/checkpoints/{key}", {
    params: { id: run.id, key: own("checkpoint") },
    body: { value: own("kept") },
  });
  const artifact = await client("POST /artifacts/", {
    body: { key: own("artifact"), type: "markdown", data: own("text"), flow_run_id: run.id },
  });
  const pool = await client("POST /work_pools/", { body: { name: own("pool"), type: "process" } });
  const queue = await client("POST /work_pools/{work_pool_name}/queues", {
    params: { work_pool_name: pool.name },
    body: { name: own("queue") },
  });
  await client("POST /work_pools/{work_pool_name}/workers/heartbeat", {
    params: { work_pool_name: pool.name },
    body: { name: own("worker") },
  });
  const [worker] = await client("POST /work_pools/{work_pool_name}/workers/filter", {
    params: { work_pool_name: pool.name },
    body: {},
  });
  const deployment = await client("POST /deployments/", {
    body: {
      name: own("deployment"),
      flow_id: flow.id,
      work_pool_name: pool.name,
      entrypoint: "flow.js:flow",
      version_info: { type: "test", version: own("version") },
      // Not active: it would make runs of its own.
      schedules: [{ active: false, schedule: { cron: "0 9 * * *" } }],
    },
  });
  const versions = await client("POST /deployments/{id}/versions/paginate", {
    params: { id: deployment.id },
    body: {},
  });
  const code = new TextEncoder().encode(`// ${own("bundle")}`);
  const bundle = createHash("sha256").update(code).digest("hex");
  await client("PUT /bundles/{sha256}", { params: { sha256: bundle }, body: code as never });
  await client("POST /logs/", {
    body: [{ name: "test", level: 20, message: own("line"), timestamp: NOW(), flow_run_id: run.id }],
  });
  await client("POST /v2/concurrency_limits/", { body: { name: own("limit"), limit: 5 } });
  const { lease_id } = await client("POST /v2/concurrency_limits/increment-with-lease", {
    // Longer than all tests take: a lease that ends is a change.
    body: { names: [own("limit")], slots: 1, lease_duration: 86_400 },
  });
  const tagLimit = await client("POST /concurrency_limits/", { body: { tag: own("tag"), concurrency_limit: 5 } });
  const variable = await client("POST /variables/", { body: { name: own("variable"), value: own("value") } });
  const blockType = await client("POST /block_types/", { body: { name: own("type"), slug: own("type") } });
  const blockSchema = await client("POST /block_schemas/", {
    body: { fields: { title: own("schema"), secret_fields: ["value"] }, block_type_id: blockType.id },
  });
  const blockDocument = await client("POST /block_documents/", {
    body: {
      name: own("block"),
      data: { value: own("secret") },
      block_type_id: blockType.id,
      block_schema_id: blockSchema.id,
    },
  });
  const webhook = await client("POST /webhooks/", { body: { name: own("webhook"), template: "{}" } });
  const savedSearch = await client("PUT /saved_searches/", { body: { name: own("search"), filters: [] } });
  return {
    flow: flow.id,
    flowName: flow.name,
    run: run.id,
    runState: run.state_id as string,
    input: own("input"),
    checkpoint: own("checkpoint"),
    taskRun: taskRun.id,
    taskRunState: taskRun.state_id as string,
    artifact: artifact.id,
    artifactKey: own("artifact"),
    deployment: deployment.id,
    schedule: deployment.schedules[0]?.id ?? "",
    deploymentVersion: versions.results[0]?.id ?? "",
    deploymentName: own("deployment"),
    pool: pool.name,
    queue: queue.id,
    queueName: queue.name,
    worker: worker?.id ?? "",
    workerName: own("worker"),
    bundle,
    log: own("line"),
    limit: own("limit"),
    tag: tagLimit.tag,
    tagLimit: tagLimit.id,
    lease: lease_id,
    variable: variable.id,
    variableName: variable.name,
    blockType: blockType.id,
    blockTypeSlug: blockType.slug,
    blockSchema: blockSchema.id,
    blockChecksum: blockSchema.checksum,
    blockDocument: blockDocument.id,
    blockDocumentName: own("block"),
    webhook: webhook.id,
    savedSearch: savedSearch.id,
  };
}

export interface Parties {
  server: Server;
  a: Party;
  b: Party;
}

async function party(server: Server, name: string): Promise<Party> {
  const tenant = await makeTenant(server.local, name);
  const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
  return { ...tenant, client, things: await furnish(client, tenant.workspaceId) };
}

/** Starts a service with tenants A and B. */
export async function startParties(): Promise<Parties> {
  const server = await startServer();
  return { server, a: await party(server, "a"), b: await party(server, "b") };
}

/** Values for the parameters of a path, of things that `party` has. */
export function paramsOf({ path }: EndpointRow, party: Party): Record<string, string> {
  const { things } = party;
  const ids: [string, string][] = [
    ["/flows/", things.flow],
    ["/flow_runs/", things.run],
    ["/task_runs/", things.taskRun],
    ["/ui/task_runs/", things.taskRun],
    ["/flow_run_states/", things.runState],
    ["/task_run_states/", things.taskRunState],
    ["/artifacts/", things.artifact],
    ["/deployments/", things.deployment],
    // No tenant can make one by the API: workers/consumers/dead-letters.test.ts tries real ones.
    ["/dead_letters/", things.run],
    // Nobody can make one yet.
    ["/automations/", things.deployment],
    ["/concurrency_limits/", things.tagLimit],
    ["/work_queues/", things.queue],
    ["/variables/", things.variable],
    ["/block_types/", things.blockType],
    ["/block_schemas/", things.blockSchema],
    ["/block_documents/", things.blockDocument],
    ["/webhooks/", things.webhook],
    ["/saved_searches/", things.savedSearch],
  ];
  const names: [string, string][] = [
    ["/queues/{name}", things.queueName],
    ["/work_queues/", things.queueName],
    ["/workers/{name}", things.workerName],
    ["/work_pools/", things.pool],
    ["/variables/", things.variableName],
  ];
  const named: Record<string, string> = {
    account_id: party.accountId,
    bot_id: party.botId,
    key_id: party.keyId,
    sha256: things.bundle,
    key: keyFor(path, things),
    id_or_name: things.limit,
    tag: things.tag,
    lease_id: things.lease,
    slug: things.blockTypeSlug,
    checksum: things.blockChecksum,
    block_document_name: things.blockDocumentName,
    work_pool_name: things.pool,
    worker_id: things.worker,
    schedule_id: things.schedule,
    resource_id: `prefect.deployment.${things.deployment}`,
    version_id: things.deploymentVersion,
    countable: "event",
    view: `view-${party.workspaceId}`,
    name: names.find(([part]) => path.includes(part))?.[1] ?? things.flowName,
    flow_name: things.flowName,
    deployment_name: things.deploymentName,
    id: ids.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "",
  };
  return pick(path, (name) => named[name]);
}

function keyFor(path: string, things: Things): string {
  if (path.includes("/input/")) return things.input;
  return path.includes("/checkpoints/") ? things.checkpoint : things.artifactKey;
}

/** Values that nobody has, of the same form. */
export function unknownParams({ path }: EndpointRow, party: Party): Record<string, string> {
  const named: Record<string, string> = {
    account_id: party.accountId,
    bot_id: randomUUID(),
    key_id: "nobody",
    sha256: createHash("sha256").update(randomUUID()).digest("hex"),
    worker_id: randomUUID(),
    schedule_id: randomUUID(),
    version_id: randomUUID(),
    id: randomUUID(),
    lease_id: randomUUID(),
  };
  return pick(path, (name) => named[name] ?? `nobody-${randomUUID()}`);
}

function pick(path: string, value: (name: string) => string | undefined): Record<string, string> {
  const params: Record<string, string> = {};
  for (const match of path.matchAll(/\{(\w+)\}/g)) {
    const name = match[1] as string;
    const one = value(name);
    if (one === undefined || one === "")
      throw new Error(`The test has no value for {${name}} of ${path}: add one to fixture.ts.`);
    params[name] = one;
  }
  return params;
}

/** The address of a row for a tenant: with account and workspace in it where the row is of a workspace. */
export function urlOf(row: EndpointRow, party: Party, params: Record<string, string>): string {
  const base = row.base ?? "workspace";
  const account = `${party.shortUrl}/accounts/${params.account_id ?? party.accountId}`;
  const prefix = { workspace: party.apiUrl, account, root: party.shortUrl }[base];
  return prefix + row.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] as string));
}

export interface Answer {
  status: number;
  body: string;
  headers: Headers;
}

export async function ask(
  method: string,
  url: string,
  options: {
    token?: string | undefined;
    body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
    type?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  if (options.body !== undefined) headers["content-type"] = options.type ?? "application/json";
  const init: RequestInit & { duplex?: "half" } = { method, headers, redirect: "manual" };
  if (options.body !== undefined) {
    init.body = options.body;
    if (options.body instanceof ReadableStream) init.duplex = "half";
  }
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/**
 * Sends a body that is likely to be refused before it has all arrived, and reads the answer all the same: a server may
 * answer and close while the client still writes. `body` yields what is sent; without `length` it goes in chunks.
 */
export async function push(method: string, url: string, sent: Pushed): Promise<{ status: number }> {
  const again = (error: NodeJS.ErrnoException): Promise<{ status: number }> => {
    // A connection that is reset may take the answer with it: TCP does not keep what was not read.
    if (error.code !== "EPIPE" && error.code !== "ECONNRESET") throw error;
    return pushOnce(method, url, sent);
  };
  return pushOnce(method, url, sent).catch(again).catch(again);
}

interface Pushed {
  token: string;
  body: Iterable<Uint8Array>;
  length?: number;
  headers?: Record<string, string>;
}

function pushOnce(
  method: string,
  url: string,
  { token, body, length, headers = {} }: Pushed,
): Promise<{ status: number }> {
  const request = httpRequest(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...(length !== undefined && { "content-length": length }),
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    let failure: Error | null = null;
    request.once("response", (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
      request.destroy();
    });
    request.on("error", (error) => {
      failure ??= error;
    });
    request.once("close", () => reject(failure ?? new Error("closed without an answer")));
    pipeline(Readable.from(body), request).catch(() => {});
  });
}

/** Everything of a tenant that lists show, to see that nothing changed. */
export async function inventory({ client }: Party): Promise<unknown> {
  return {
    flows: await client("POST /flows/filter", { body: {} }),
    runs: (await client("POST /flow_runs/filter", { body: {} })).map(withoutEstimates),
    taskRuns: (await client("POST /task_runs/filter", { body: {} })).map(withoutEstimates),
    artifacts: await client("POST /artifacts/filter", { body: {} }),
    deployments: (await client("POST /deployments/filter", { body: {} })).map(withoutStatus),
    pools: (await client("POST /work_pools/filter", { body: {} })).map(withoutStatus),
    logs: await client("POST /logs/filter", { body: {} }),
    limits: await client("POST /v2/concurrency_limits/filter", { body: {} }),
    tagLimits: await client("POST /concurrency_limits/filter", { body: {} }),
    variables: await client("POST /variables/filter", { body: {} }),
    blockTypes: await client("POST /block_types/filter", { body: {} }),
    blockSchemas: await client("POST /block_schemas/filter", { body: {} }),
    blockDocuments: await client("POST /block_documents/filter", { body: { include_secrets: true } }),
    webhooks: await client("POST /webhooks/filter", { body: {} }),
    savedSearches: await client("POST /saved_searches/filter", { body: {} }),
  };
}

/** A pool and its deployments are ready for a minute after a worker was last heard of. */
function withoutStatus<Thing extends object>(thing: Thing): Thing {
  return { ...thing, status: null };
}

/** Estimates are of the moment of the answer. */
function withoutEstimates<Run extends object>(run: Run): Run {
  return { ...run, estimated_run_time: 0, estimated_start_time_delta: 0 };
}
