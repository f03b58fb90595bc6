/**
 * A shard: what lists are made of. Many workspaces live in one; every key begins with the workspace.
 *
 * Tables are clustered on their key (WITHOUT ROWID, see ../README.md) and every index is paid for with a written row a
 * change, so each says who needs it. Times are microseconds since 1970; JSON is text.
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

const tenant = { workspaceId: text("workspace_id").notNull(), id: text().notNull() };

/** Written by the flows API. */
export const flows = sqliteTable(
  "flows",
  {
    ...tenant,
    name: text().notNull(),
    tags: text().notNull(),
    labels: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("flows_name").on(table.workspaceId, table.name),
  ],
);

/**
 * The index of flow runs, written by the workspace's EventHub alone. The truth is the run's object: a row carries the
 * version of it that it shows, and never goes back to an older one. `body` is the run as it is kept (domain/flow-run/stored.ts), empty
 * where it is too large to be copied here; it is then read from the object.
 */
export const flowRuns = sqliteTable(
  "flow_runs",
  {
    ...tenant,
    version: integer().notNull(),
    flowId: text("flow_id").notNull(),
    deploymentId: text("deployment_id"),
    deploymentVersionId: text("deployment_version_id"),
    workPoolId: text("work_pool_id"),
    workPoolName: text("work_pool_name"),
    workQueueId: text("work_queue_id"),
    workQueueName: text("work_queue_name"),
    parentTaskRunId: text("parent_task_run_id"),
    parentFlowRunId: text("parent_flow_run_id"),
    name: text().notNull(),
    tags: text().notNull(),
    flowVersion: text("flow_version"),
    idempotencyKey: text("idempotency_key"),
    createdBy: text("created_by"),
    stateType: text("state_type"),
    stateName: text("state_name"),
    expectedStartTime: integer("expected_start_time"),
    nextScheduledStartTime: integer("next_scheduled_start_time"),
    startTime: integer("start_time"),
    /** By it lists are sorted whose order is that of the start: a run that has not started has its place where it is expected. */
    startOrExpected: integer("start_or_expected").generatedAlwaysAs(sql`coalesce(start_time, expected_start_time)`),
    endTime: integer("end_time"),
    created: integer().notNull(),
    updated: integer().notNull(),
    /** Ids of the run's task runs, one after another: by them a task run is found. What it is, the run's object says. */
    taskRunIds: text("task_run_ids").notNull(),
    body: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    // The two orders in which people look at runs, on the command line and on pages: read from the end, a page costs its own rows.
    index("flow_runs_expected").on(table.workspaceId, table.expectedStartTime),
    index("flow_runs_start").on(table.workspaceId, table.startOrExpected),
    // The sweep's: rows of runs that have not ended, a small part of all.
    index("flow_runs_live")
      .on(table.created)
      .where(sql`state_type IN ('SCHEDULED','PENDING','RUNNING','PAUSED','CANCELLING')`),
  ],
);

/**
 * Flow runs that were deleted a moment ago, written and read by the EventHub: what was told of them before and arrives later is not
 * listed any more. `created` tells the deleted run from another that began under its id. A sweep forgets them after a day.
 */
export const removedRuns = sqliteTable(
  "removed_runs",
  { ...tenant, created: integer().notNull(), removed: integer().notNull() },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id, table.created] }),
    index("removed_runs_removed").on(table.removed),
  ],
);

/** Events, one row for all that was gathered in a moment: a row an event would cost as much as the run itself. */
export const eventBatches = sqliteTable(
  "event_batches",
  {
    workspaceId: text("workspace_id").notNull(),
    /** When the server had the batch; events in it may have occurred before. */
    received: integer().notNull(),
    id: text().notNull(),
    earliest: integer().notNull(),
    latest: integer().notNull(),
    body: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.received, table.id] })],
);

/** Written by the artifacts API. */
export const artifacts = sqliteTable(
  "artifacts",
  {
    ...tenant,
    key: text(),
    type: text(),
    description: text(),
    data: text().notNull(),
    metadata: text(),
    flowRunId: text("flow_run_id"),
    taskRunId: text("task_run_id"),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    // A run's page, and the newest of a key.
    index("artifacts_flow_run").on(table.workspaceId, table.flowRunId),
    index("artifacts_key").on(table.workspaceId, table.key, table.created),
  ],
);

/** Written by the deployments API. */
export const deployments = sqliteTable(
  "deployments",
  {
    ...tenant,
    flowId: text("flow_id").notNull(),
    name: text().notNull(),
    version: text(),
    description: text(),
    path: text(),
    entrypoint: text(),
    pullSteps: text("pull_steps"),
    parameters: text().notNull(),
    parameterSchema: text("parameter_schema"),
    enforceParameterSchema: integer("enforce_parameter_schema", { mode: "boolean" }).notNull(),
    jobVariables: text("job_variables").notNull(),
    tags: text().notNull(),
    labels: text().notNull(),
    workPoolId: text("work_pool_id"),
    workQueueName: text("work_queue_name"),
    paused: integer({ mode: "boolean" }).notNull().default(false),
    disabled: integer({ mode: "boolean" }).notNull().default(false),
    /** A JSON list of domain/schedule/deployment-schedule.ts. What of them is due, the Deployment object knows. */
    schedules: text().notNull().default("[]"),
    concurrencyLimitId: text("concurrency_limit_id"),
    concurrencyOptions: text("concurrency_options"),
    storageDocumentId: text("storage_document_id"),
    infrastructureDocumentId: text("infrastructure_document_id"),
    versionInfo: text("version_info"),
    /** The version of deployment_versions that it is; null where it was never given one. */
    versionId: text("version_id"),
    branch: text(),
    /** The deployment that this one was branched off, and the first of that line. */
    base: text(),
    root: text(),
    /** When somebody last asked for its runs, to half a minute. */
    lastPolled: integer("last_polled"),
    /** Who was last told to be there to start its runs: 1 somebody who asks for them, 2 who serves its queue, 3 both. */
    ready: integer().notNull().default(0),
    /** Counts changes; `planned`: the one that the Deployment object knows. */
    revision: integer().notNull().default(0),
    planned: integer().notNull().default(0),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("deployments_name").on(table.workspaceId, table.flowId, table.name),
    // The sweep's: changes that a crash kept from the Deployment object. Empty but for the moment of a change.
    index("deployments_unplanned")
      .on(table.updated)
      .where(sql`planned < revision AND (schedules <> '[]' OR planned > 0)`),
    // The sweep's: those that somebody asks for runs of, who may have gone.
    index("deployments_ready").on(table.lastPolled).where(sql`ready IN (1, 3)`),
  ],
);

/** What a deployment was when it was given a version. Written by the deployments API, once each; deleted with the deployment. */
export const deploymentVersions = sqliteTable(
  "deployment_versions",
  {
    workspaceId: text("workspace_id").notNull(),
    deploymentId: text("deployment_id").notNull(),
    id: text().notNull(),
    version: text(),
    versionInfo: text("version_info"),
    description: text(),
    path: text(),
    entrypoint: text(),
    pullSteps: text("pull_steps"),
    parameters: text().notNull(),
    parameterSchema: text("parameter_schema"),
    enforceParameterSchema: integer("enforce_parameter_schema", { mode: "boolean" }).notNull(),
    jobVariables: text("job_variables").notNull(),
    tags: text().notNull(),
    labels: text().notNull(),
    workPoolId: text("work_pool_id"),
    workQueueName: text("work_queue_name"),
    created: integer().notNull(),
    /** When it last became, or ceased to be, what the deployment is. */
    lastActive: integer("last_active").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.deploymentId, table.id] })],
);

/** Written by the work pools API. Agents and ready runs are the WorkPool object's. */
export const workPools = sqliteTable(
  "work_pools",
  {
    ...tenant,
    name: text().notNull(),
    description: text(),
    type: text().notNull(),
    baseJobTemplate: text("base_job_template").notNull(),
    isPaused: integer("is_paused", { mode: "boolean" }).notNull(),
    concurrencyLimit: integer("concurrency_limit"),
    defaultQueueId: text("default_queue_id").notNull(),
    storageConfiguration: text("storage_configuration"),
    /** Counts changes of the pool and its queues, so that the pool's object takes the newest. */
    revision: integer().notNull().default(0),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("work_pools_name").on(table.workspaceId, table.name),
  ],
);

/** Written by the variables API. */
export const variables = sqliteTable(
  "variables",
  {
    ...tenant,
    name: text().notNull(),
    value: text().notNull(),
    tags: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("variables_name").on(table.workspaceId, table.name),
  ],
);

/** Written by the block types API. */
export const blockTypes = sqliteTable(
  "block_types",
  {
    ...tenant,
    name: text().notNull(),
    slug: text().notNull(),
    logoUrl: text("logo_url"),
    documentationUrl: text("documentation_url"),
    description: text(),
    codeExample: text("code_example"),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("block_types_slug").on(table.workspaceId, table.slug),
  ],
);

/** Written by the block schemas API; never changed. */
export const blockSchemas = sqliteTable(
  "block_schemas",
  {
    ...tenant,
    blockTypeId: text("block_type_id").notNull(),
    checksum: text().notNull(),
    version: text().notNull(),
    fields: text().notNull(),
    capabilities: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("block_schemas_checksum").on(table.workspaceId, table.checksum, table.version),
  ],
);

/** Written by the block documents API. `data` is sealed (workers/secrets); `links` says which documents stand in for which fields. */
export const blockDocuments = sqliteTable(
  "block_documents",
  {
    ...tenant,
    blockTypeId: text("block_type_id").notNull(),
    blockSchemaId: text("block_schema_id").notNull(),
    name: text().notNull(),
    isAnonymous: integer("is_anonymous", { mode: "boolean" }).notNull(),
    data: text().notNull(),
    links: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("block_documents_name").on(table.workspaceId, table.blockTypeId, table.name),
  ],
);

/** A workspace's key for what it keeps sealed, wrapped by one of the service's own keys. Written once, by whoever needs it first. */
export const dataKeys = sqliteTable("data_keys", {
  workspaceId: text("workspace_id").primaryKey(),
  wrappedBy: text("wrapped_by").notNull(),
  wrapped: text().notNull(),
  created: integer().notNull(),
});

/** Written by the concurrency limits API. Who has slots and who waits is the ConcurrencyLimit object's to say. */
export const concurrencyLimits = sqliteTable(
  "concurrency_limits",
  {
    ...tenant,
    name: text().notNull(),
    limit: integer().notNull(),
    active: integer({ mode: "boolean" }).notNull(),
    /** Slots that come free by themselves in a second. */
    decay: real().notNull(),
    created: integer().notNull(),
    /** Grows with every change: by it the object tells newer settings from older ones. */
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("concurrency_limits_name").on(table.workspaceId, table.name),
  ],
);

/** Written by the work pools and work queues API. What waits in a queue is the WorkPool object's. */
export const workQueues = sqliteTable(
  "work_queues",
  {
    ...tenant,
    workPoolId: text("work_pool_id").notNull(),
    name: text().notNull(),
    description: text(),
    isPaused: integer("is_paused", { mode: "boolean" }).notNull(),
    concurrencyLimit: integer("concurrency_limit"),
    priority: integer().notNull(),
    filter: text(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("work_queues_name").on(table.workspaceId, table.workPoolId, table.name),
  ],
);

/** Written with COMPLETED states of task runs that have a cache key, the newest of each key; read before such a task would run. */
export const taskAnswers = sqliteTable(
  "task_answers",
  {
    workspaceId: text("workspace_id").notNull(),
    key: text().notNull(),
    state: text().notNull(),
    /** Null: it holds for ever. */
    expires: integer(),
    created: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.key] })],
);

/**
 * Messages of the dispatch queue that were tried too often, one a run, written by the queue's consumer and resolved by the dead
 * letters API. A sweep forgets resolved ones after thirty days.
 */
export const deadLetters = sqliteTable(
  "dead_letters",
  {
    /** `id`: the run's. */
    ...tenant,
    workPoolId: text("work_pool_id").notNull(),
    /** As it was sent. */
    message: text().notNull(),
    /** When the newest parked message of the run was sent: by it one that comes again is told from another. */
    sent: integer().notNull(),
    /** 'WAITING', 'REPLAYED' or 'DROPPED'; the last two with when and by whom. */
    status: text().notNull(),
    resolved: integer(),
    resolvedBy: text("resolved_by"),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    // The sweep's.
    index("dead_letters_resolved").on(table.resolved).where(sql`resolved IS NOT NULL`),
  ],
);

/** Written by the webhooks API. Secrets are sealed (workers/secrets). */
export const webhooks = sqliteTable(
  "webhooks",
  {
    ...tenant,
    accountId: text("account_id").notNull(),
    name: text().notNull(),
    description: text().notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    serviceAccountId: text("service_account_id"),
    template: text().notNull(),
    slug: text().notNull(),
    deploymentId: text("deployment_id"),
    /** Who signs, or 'bearer'; null: nobody. `secrets`: a sealed JSON list. */
    verification: text(),
    secrets: text(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    // What a delivery comes to: nothing else of it says whose it is.
    uniqueIndex("webhooks_slug").on(table.slug),
  ],
);

/** What came to webhooks, the newest of each; written with every delivery that may be recorded, read before the next is believed. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    workspaceId: text("workspace_id").notNull(),
    webhookId: text("webhook_id").notNull(),
    id: text().notNull(),
    received: integer().notNull(),
    verdict: text().notNull(),
    reason: text(),
    /** What the sender calls it. */
    delivery: text(),
    /** A hash of what was signed: by it the same signature is known again. */
    seal: text(),
    flowRunId: text("flow_run_id"),
    status: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.webhookId, table.id] })],
);

/** What a workspace has set for itself, a value a key. */
export const workspaceSettings = sqliteTable(
  "workspace_settings",
  {
    workspaceId: text("workspace_id").notNull(),
    key: text().notNull(),
    value: text().notNull(),
    updated: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.key] })],
);

/** Written by the saved searches API: filters of lists that people keep under a name. */
export const savedSearches = sqliteTable(
  "saved_searches",
  {
    ...tenant,
    name: text().notNull(),
    filters: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.id] }),
    uniqueIndex("saved_searches_name").on(table.workspaceId, table.name),
  ],
);
