/**
 * Dead letters: runs that did not come to their pool.
 *
 * AP110 A message that was tried too often is kept under its run, however often it comes, until an operator replays it or drops it;
 *      either leaves an event and who did it.
 */
import { type DeadLetterStatus, deadLetters, type WireDeadLetter } from "@millrace/contract/dead-letters.ts";
import { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { shardOf } from "../../durable-objects/env.ts";
import type { Credential, Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { actorOf, announce, type Happening, type Place } from "./lifecycle-events.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";

interface Row {
  id: string;
  work_pool_id: string;
  message: string;
  status: DeadLetterStatus;
  resolved: number | null;
  resolved_by: string | null;
  created: number;
  updated: number;
  run_name: string | null;
  run_state: string | null;
}

const SELECT = `SELECT d.id, d.work_pool_id, d.message, d.status, d.resolved, d.resolved_by, d.created, d.updated,
    r.name AS run_name, r.state_type AS run_state
  FROM dead_letters d LEFT JOIN flow_runs r ON r.workspace_id = d.workspace_id AND r.id = d.id
  WHERE d.workspace_id = ?1`;

/** Dead letters. */
export function serveDeadLetters(app: App): void {
  serve(app, deadLetters.filter, async ({ env, tenant, body: { status, work_pool_id: pool, limit, offset } }) => {
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `${SELECT} AND d.status IN (SELECT value FROM json_each(?2)) AND (?3 IS NULL OR d.work_pool_id = ?3)
         ORDER BY d.id LIMIT ?4 OFFSET ?5`,
      )
      .bind(tenant.workspace, JSON.stringify(status), pool, limit, offset)
      .all<Row>();
    return results.map(toWire);
  });
  serve(app, deadLetters.read, async ({ env, tenant, params }) => toWire(await readOne(env, tenant, params.id)));
  serve(app, deadLetters.replay, async ({ env, tenant, params, credential, afterwards }) => {
    const { message } = await waiting(env, tenant, params.id);
    // Sent before it is marked: a crash in between repeats it, which is harmless, and loses nothing.
    await env.DISPATCH.send(JSON.parse(message) as DispatchMessage);
    return resolve({ env, tenant, id: params.id, status: "REPLAYED", credential, afterwards });
  });
  serve(app, deadLetters.drop, async ({ env, tenant, params, credential, afterwards }) => {
    await waiting(env, tenant, params.id);
    return resolve({ env, tenant, id: params.id, status: "DROPPED", credential, afterwards });
  });
}

/** Keeps messages that were tried too often; answers once they are kept. One that is known already changes nothing. */
export async function park(env: Env, place: Place, letters: readonly { message: DispatchMessage; sent: Date }[]) {
  const now = Date.now() * 1000;
  const shard = shardOf(env, place.shard);
  const statement = shard.prepare(
    `INSERT INTO dead_letters (workspace_id, id, work_pool_id, message, sent, status, created, updated)
     VALUES (?1, ?2, ?3, ?4, ?5, 'WAITING', ?6, ?6)
     ON CONFLICT (workspace_id, id) DO UPDATE SET work_pool_id = excluded.work_pool_id, message = excluded.message,
       sent = excluded.sent, status = 'WAITING', resolved = NULL, resolved_by = NULL, updated = excluded.updated
     WHERE excluded.sent > coalesce(dead_letters.resolved, dead_letters.sent)
     RETURNING id`,
  );
  const kept = await shard.batch<{ id: string }>(
    letters.map(({ message, sent }) =>
      statement.bind(
        ...[place.workspace, message.run, message.pool, JSON.stringify(message), sent.getTime() * 1000, now],
      ),
    ),
  );
  const news = new Set(kept.flatMap(({ results }) => results.map(({ id }) => id)));
  if (news.size > 0)
    await announce(
      env,
      place,
      [...news].map((run) => happening("parked", run)),
      { urgent: true },
    );
}

const happening = (what: string, run: string, related: Happening["related"] = []): Happening => ({
  event: `millrace.dead-letter.${what}`,
  resource: { "prefect.resource.id": `prefect.flow-run.${run}` },
  related,
  payload: {},
});

interface Resolution {
  env: Env;
  tenant: Tenant;
  id: string;
  status: Exclude<DeadLetterStatus, "WAITING">;
  credential: Credential;
  afterwards(work: Promise<unknown>): void;
}

async function resolve({ env, tenant, id, status, credential, afterwards }: Resolution): Promise<WireDeadLetter> {
  const { meta } = await shardOfTenant(env, tenant)
    .prepare(
      `UPDATE dead_letters SET status = ?3, resolved = ?4, resolved_by = ?5, updated = ?4
       WHERE workspace_id = ?1 AND id = ?2 AND status = 'WAITING'`,
    )
    .bind(tenant.workspace, id, status, Date.now() * 1000, credential.actor.id)
    .run();
  if (meta.changes > 0) afterwards(announce(env, tenant, [happening(status.toLowerCase(), id, [actorOf(credential)])]));
  return toWire(await readOne(env, tenant, id));
}

async function waiting(env: Env, tenant: Tenant, id: string): Promise<Row> {
  const row = await readOne(env, tenant, id);
  if (row.status !== "WAITING")
    throw new Refusal({
      ...{ code: "conflict", what: "dead letter", is: row.status.toLowerCase() },
      must: "If its run fails to reach its pool again, it waits again.",
    });
  return row;
}

async function readOne(env: Env, tenant: Tenant, id: string): Promise<Row> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`${SELECT} AND d.id = ?2`)
    .bind(tenant.workspace, id)
    .first<Row>();
  return row ?? notFound("dead letter", id);
}

function toWire(row: Row): WireDeadLetter {
  const { queue, due, priority } = DispatchMessage.parse(JSON.parse(row.message));
  return {
    id: row.id,
    created: formatInstant(instant(row.created)),
    updated: formatInstant(instant(row.updated)),
    status: row.status,
    work_pool_id: row.work_pool_id,
    work_queue_id: queue,
    due: formatInstant(instant(due)),
    priority,
    resolved: row.resolved === null ? null : formatInstant(instant(row.resolved)),
    resolved_by: row.resolved_by,
    flow_run_name: row.run_name,
    flow_run_state_type: row.run_state,
  };
}
