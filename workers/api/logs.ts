import type { LogFilterInput } from "@millrace/contract/filters.ts";
import { type LogLineInput, logs, logToWire } from "@millrace/contract/logs.ts";
import { type LogSort, logOrder } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import { backgroundTasksAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { isProblem, type Reporter } from "../../durable-objects/flow-run/rpc.ts";
import { unpack } from "../../durable-objects/kit/packed.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Refusal } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import { flowRunOf } from "./task-run-owners.ts";

/** Flow runs whose lines one list looks through where its filter names none. */
const NEWEST = 50;
/** Flow runs that one list may name: each is an object that has to wake. */
const MOST_NAMED = 200;

/** Log lines. They live in the objects of their flow runs. */
export function serveLogs(app: App): void {
  serve(app, logs.create, async ({ env, tenant, body, credential }) => {
    const lines = Map.groupBy(body, ({ flow_run_id }) => flow_run_id);
    await Promise.all(
      [...lines].map(async ([flowRun, some]) => {
        // Lines of a run that is not there have no place; the wire knows no answer that says so.
        if (flowRun === null) return backgroundTasksAt(env, tenant.workspace).appendLogs(tenant, some);
        if (!isRunId(flowRun, env.KEY_PEPPER, tenant.workspace)) return;
        await store(env, tenant, flowRun, some, reporterOf(credential));
      }),
    );
  });

  serve(app, logs.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    const filter: LogFilterInput = body.logs ?? NO_FILTER;
    // With "or_" a line may be meant whatever run it is of.
    const narrow = filter.operator === "or_" ? NO_FILTER : filter;
    const background = narrow.flow_run_id?.any_ ? [] : await backgroundTasksOf(env, tenant, narrow);
    const flowRuns = await flowRunsToLookAt(env, tenant, narrow, background);
    const query = { filter, sort: sort as LogSort, limit: limit + offset, offset: 0 };
    const lists = await Promise.all([
      ...flowRuns.map((id) => flowRunAt(env, tenant.workspace, id).logs(tenant, query)),
      background.length === 0 ? [] : backgroundTasksAt(env, tenant.workspace).logs(tenant, background, query),
    ]);
    const lines: Log[] = lists.flatMap((list) => list ?? []);
    return lines
      .sort(logOrder(query.sort))
      .slice(offset, offset + limit)
      .map(logToWire);
  });
}

async function store(
  env: Env,
  tenant: Tenant,
  flowRun: string,
  lines: LogLineInput[],
  reporter: Reporter,
): Promise<void> {
  const stored = await flowRunAt(env, tenant.workspace, flowRun).appendLogs(tenant, lines, reporter);
  if (isProblem(stored)) throw new Refusal(stored);
}

const NO_FILTER: LogFilterInput = {
  operator: "and_",
  level: null,
  timestamp: null,
  flow_run_id: null,
  task_run_id: null,
  text: null,
};

/** The background tasks among the task runs that a filter names; where it names none, the newest. */
async function backgroundTasksOf(
  env: Env,
  tenant: Tenant,
  { task_run_id: asked }: LogFilterInput,
): Promise<readonly string[]> {
  const tasks = backgroundTasksAt(env, tenant.workspace);
  if (asked?.any_) return tasks.known(tenant, asked.any_.slice(0, NEWEST));
  if (asked?.is_null_) return [];
  const newest = await tasks.findTaskRuns(tenant, { filter: {}, sort: "ID_DESC", limit: NEWEST });
  return unpack(newest).map(({ id }) => id);
}

async function flowRunsToLookAt(
  env: Env,
  tenant: Tenant,
  filter: LogFilterInput,
  background: readonly string[],
): Promise<string[]> {
  const named = filter.flow_run_id?.any_;
  if (named) {
    const ours = [...new Set(named)].filter((id) => isRunId(id, env.KEY_PEPPER, tenant.workspace));
    if (ours.length <= MOST_NAMED) return ours;
    const message = `Lines of at most ${MOST_NAMED} flow runs are listed at once.`;
    throw new Refusal({ code: "invalid", field: "logs.flow_run_id.any_", message });
  }
  const taskRuns = filter.task_run_id?.any_;
  if (taskRuns) {
    const others = taskRuns.slice(0, NEWEST).filter((id) => !background.includes(id));
    const owners = await Promise.all(others.map((id) => flowRunOf(env, tenant, id)));
    return [...new Set(owners.filter((owner) => owner !== null))];
  }
  const { results } = await shardOfTenant(env, tenant)
    .prepare("SELECT id FROM flow_runs WHERE workspace_id = ?1 ORDER BY id DESC LIMIT ?2")
    .bind(tenant.workspace, NEWEST)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
