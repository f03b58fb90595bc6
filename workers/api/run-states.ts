import { runStates } from "@millrace/contract/run-states.ts";
import { stateToWire } from "@millrace/contract/states.ts";
import type { State } from "@millrace/domain/state.ts";
import { backgroundTasksAt, eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import { ownerOf } from "./task-run-owners.ts";

/** States of runs. They lie with their runs, and have no index of their own. */
export function serveRunStates(app: App): void {
  serve(app, runStates.ofFlowRun, async ({ env, tenant, query: { flow_run_id: id } }) => {
    const known = isRunId(id, env.KEY_PEPPER, tenant.workspace);
    const states = known ? await flowRunAt(env, tenant.workspace, id).states(tenant) : null;
    return (states ?? []).map(stateToWire);
  });

  serve(app, runStates.flowRunState, async ({ env, tenant, params }) => {
    const state = await findState(env, tenant, params.id, async (run) => {
      const states = await flowRunAt(env, tenant.workspace, run).states(tenant);
      return states?.find(({ id }) => id === params.id) ?? null;
    });
    return stateToWire(state ?? notFound("flow run state", params.id));
  });

  serve(app, runStates.ofTaskRun, async ({ env, tenant, query: { task_run_id: id } }) => {
    const owner = await ownerOf(env, tenant, id);
    return ((await owner?.taskRunStates(tenant, id)) ?? []).map(stateToWire);
  });

  serve(app, runStates.taskRunState, async ({ env, tenant, params }) => {
    const state =
      (await backgroundTasksAt(env, tenant.workspace).stateOfTaskRun(tenant, params.id)) ??
      (await findState(env, tenant, params.id, (run) =>
        flowRunAt(env, tenant.workspace, run).stateOfTaskRun(tenant, params.id),
      ));
    return stateToWire(state ?? notFound("task run state", params.id));
  });
}

/** Runs that are asked for one state; a request may ask 1,000 objects. */
const MOST_ASKED = 500;
/** Runs that are asked at once. */
const AT_ONCE = 50;
/** Microseconds by which the clock of whoever made the state's id may differ from ours. */
const CLOCK_DIFFERENCE = 60_000_000;

/**
 * A state by its own id: its first half is the time at which it was made (UUID v7), so that only runs that were alive then are
 * asked, the newest first.
 */
async function findState(
  env: Env,
  tenant: Tenant,
  id: string,
  ask: (run: string) => Promise<State | null>,
): Promise<State | null> {
  const made = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) * 1000;
  await eventHubAt(env, tenant.workspace).settle();
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT id FROM flow_runs WHERE workspace_id = ?1 AND created <= ?2 AND coalesce(end_time, updated) >= ?3
       ORDER BY (end_time IS NULL) DESC, id DESC LIMIT ?4`,
    )
    .bind(tenant.workspace, made + CLOCK_DIFFERENCE, made - CLOCK_DIFFERENCE, MOST_ASKED)
    .all<{ id: string }>();
  for (let from = 0; from < results.length; from += AT_ONCE) {
    const found = await Promise.all(results.slice(from, from + AT_ONCE).map((row) => ask(row.id)));
    const state = found.find((one) => one !== null);
    if (state) return state;
  }
  return null;
}
