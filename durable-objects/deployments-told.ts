/**
 * Deployments as events name them, and whether somebody is there to start their runs: the last that was told of it.
 *
 * AP123 Whether a deployment is ready is told when the first of those who may start its runs comes, and when the last one has gone. News
 *      that a crash keeps back is not told again: the deployment says how it is.
 */
import type { DeploymentNamed } from "@millrace/domain/dispatch/events.ts";

/** Who may start a deployment's runs: somebody who asks for them, or who serves its queue. */
export const READY_BY = { asking: 1, queue: 2 } as const;

/** Which deployments of a workspace, as columns of `deployments d`; `?1` is the workspace, the values begin at `?2`. */
export interface Which {
  sql: string;
  values: readonly (string | number)[];
}

interface Row {
  id: string;
  name: string;
  flow_id: string | null;
  flow_name: string | null;
  queue_id: string | null;
  queue_name: string | null;
  pool_id: string | null;
  pool_name: string | null;
  pool_type: string | null;
  storage: string | null;
  infrastructure: string | null;
  limit_id: string | null;
}

/** Deployments that one event each may be told of. */
const MOST = 1_000;

const QUERY = `
SELECT d.id, d.name, f.id AS flow_id, f.name AS flow_name, q.id AS queue_id, q.name AS queue_name, p.id AS pool_id, p.name AS pool_name,
  p.type AS pool_type, d.storage_document_id AS storage, d.infrastructure_document_id AS infrastructure, d.concurrency_limit_id AS limit_id
FROM deployments d
LEFT JOIN flows f ON f.workspace_id = d.workspace_id AND f.id = d.flow_id
LEFT JOIN work_pools p ON p.workspace_id = d.workspace_id AND p.id = d.work_pool_id
LEFT JOIN work_queues q ON q.workspace_id = d.workspace_id AND q.work_pool_id = d.work_pool_id AND q.name = coalesce(d.work_queue_name, 'default')
WHERE d.workspace_id = ?1 AND`;

const statement = (shard: D1Database, workspace: string, { sql, values }: Which): D1PreparedStatement =>
  shard.prepare(`${QUERY} ${sql} LIMIT ${MOST}`).bind(workspace, ...values);

/** A deployment as events name it; null where there is none. */
export async function deploymentNamed(
  shard: D1Database,
  workspace: string,
  id: string,
): Promise<DeploymentNamed | null> {
  const row = await statement(shard, workspace, { sql: "d.id = ?2", values: [id] }).first<Row>();
  return row && namedOf(row);
}

/** Notes that somebody came for these deployments, or has gone; answers those whose readiness changed by it. */
export async function noteReadiness(
  shard: D1Database,
  workspace: string,
  { by, is, which }: { by: (typeof READY_BY)[keyof typeof READY_BY]; is: boolean; which: Which },
): Promise<DeploymentNamed[]> {
  const [news] = await shard.batch<Row>([
    statement(shard, workspace, { ...which, sql: `d.ready = ${is ? 0 : by} AND ${which.sql}` }),
    shard
      .prepare(
        `UPDATE deployments AS d SET ready = ${is ? `ready | ${by}` : `ready & ~${by}`}
         WHERE d.workspace_id = ?1 AND (d.ready & ${by}) = ${is ? 0 : by} AND ${which.sql}`,
      )
      .bind(workspace, ...which.values),
  ]);
  return (news?.results ?? []).map(namedOf);
}

const namedOf = (row: Row): DeploymentNamed => ({
  id: row.id,
  name: row.name,
  flow: row.flow_id === null ? null : { id: row.flow_id, name: row.flow_name ?? "" },
  queue: row.queue_id === null ? null : { id: row.queue_id, name: row.queue_name ?? "" },
  pool: row.pool_id === null ? null : { id: row.pool_id, name: row.pool_name ?? "", type: row.pool_type ?? "" },
  storage: row.storage,
  infrastructure: row.infrastructure,
  limit: row.limit_id,
});
