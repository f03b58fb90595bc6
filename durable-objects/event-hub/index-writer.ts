/**
 * Announcements on their way into the workspace's shard: one D1 batch for all that was gathered.
 *
 * EH2  A row of the index never goes back to an older version of its run.
 * EH7  A run that was deleted does not come back by what was told of it before and arrives later.
 *
 * Each table takes one statement and one parameter, a JSON list, however many rows there are: D1 charges a statement more than
 * SQLite charges a row, and allows a hundred parameters.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import { parseInstant } from "@millrace/domain/time.ts";
import { type Announcement, type FlowRunRow, RUN_COLUMNS } from "./rpc.ts";

const UPSERT_RUNS = `
INSERT INTO flow_runs (workspace_id, ${RUN_COLUMNS.join(", ")})
SELECT ?1, ${RUN_COLUMNS.map((_, at) => `json_extract(value, '$[${at}]')`).join(", ")} FROM json_each(?2)
WHERE NOT EXISTS (
  SELECT 1 FROM removed_runs AS removed WHERE removed.workspace_id = ?1
    AND removed.id = json_extract(value, '$[${RUN_COLUMNS.indexOf("id")}]')
    AND removed.created = json_extract(value, '$[${RUN_COLUMNS.indexOf("created")}]')
)
ON CONFLICT (workspace_id, id) DO UPDATE SET ${RUN_COLUMNS.slice(1)
  .map((column) => `${column} = excluded.${column}`)
  .join(", ")}
WHERE excluded.version >= flow_runs.version`;

const DELETE_RUNS = `
DELETE FROM flow_runs WHERE workspace_id = ?1
  AND (id, created) IN (SELECT json_extract(value, '$.id'), json_extract(value, '$.created') FROM json_each(?2))`;
const REMEMBER_REMOVED = `
INSERT INTO removed_runs (workspace_id, id, created, removed)
SELECT ?1, json_extract(value, '$.id'), json_extract(value, '$.created'), ?3 FROM json_each(?2) WHERE true
ON CONFLICT DO NOTHING`;
const INSERT_ARTIFACTS = `
INSERT INTO artifacts (workspace_id, id, key, type, description, data, flow_run_id, task_run_id, created, updated)
SELECT ?1, ${["id", "key", "type", "description", "data", "flowRunId", "taskRunId", "created", "created"].map((field) => `json_extract(value, '$.${field}')`).join(", ")}
FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING`;
const INSERT_EVENTS =
  "INSERT INTO event_batches (workspace_id, received, id, earliest, latest, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/** Largest JSON list sent in one parameter, in characters: a D1 value may have 2 MB. */
const CHUNK = 500_000;

/** Writes the announcements; throws where the shard refuses or does not answer, and then nothing of them is stored. */
export async function writeIndex(
  shard: D1Database,
  workspace: string,
  announcements: readonly Announcement[],
  batch: { id: string; received: number },
): Promise<void> {
  const statements: D1PreparedStatement[] = [];
  for (const rows of chunks(newest(announcements).map(({ cells }) => cells))) {
    statements.push(shard.prepare(UPSERT_RUNS).bind(workspace, rows));
  }
  const removed = announcements.flatMap(({ removed }) => (removed ? [removed] : []));
  if (removed.length > 0) {
    const runs = JSON.stringify(removed);
    statements.push(shard.prepare(REMEMBER_REMOVED).bind(workspace, runs, batch.received));
    statements.push(shard.prepare(DELETE_RUNS).bind(workspace, runs));
  }
  const artifacts = announcements.flatMap(({ artifacts }) => artifacts ?? []);
  for (const rows of chunks(artifacts.map((artifact) => JSON.stringify(artifact)))) {
    statements.push(shard.prepare(INSERT_ARTIFACTS).bind(workspace, rows));
  }
  const events = announcements.flatMap(({ events }) => events);
  for (const [at, body] of chunks(events.map((event) => JSON.stringify(event))).entries()) {
    const { earliest, latest } = span(events);
    statements.push(
      shard.prepare(INSERT_EVENTS).bind(workspace, batch.received, `${batch.id}-${at}`, earliest, latest, body),
    );
  }
  if (statements.length > 0) await shard.batch(statements);
}

/** Of several rows of one run only the newest is worth writing. */
function newest(announcements: readonly Announcement[]): FlowRunRow[] {
  const rows = new Map<string, FlowRunRow>();
  for (const { run } of announcements) {
    if (run && run.version >= (rows.get(run.id)?.version ?? 0)) rows.set(run.id, run);
  }
  return [...rows.values()];
}

/** JSON lists of the given items, each list small enough for one parameter. */
function chunks(items: readonly string[]): string[] {
  const lists: string[] = [];
  let list: string[] = [];
  let size = 0;
  for (const item of items) {
    if (size + item.length > CHUNK && list.length > 0) {
      lists.push(`[${list.join(",")}]`);
      [list, size] = [[], 0];
    }
    list.push(item);
    size += item.length;
  }
  if (list.length > 0) lists.push(`[${list.join(",")}]`);
  return lists;
}

function span(events: readonly WireEvent[]): { earliest: number; latest: number } {
  const times = events.map(({ occurred }) => parseInstant(occurred) ?? 0);
  return { earliest: Math.min(...times), latest: Math.max(...times) };
}
