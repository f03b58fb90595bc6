/**
 * What a filter asks of task runs, as a condition on what surrounds them. The index holds their ids; all else lies in the objects of
 * their flow runs, which are asked: those that a list of task runs looks at ([AP120]).
 */
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { flowRunAt } from "../../durable-objects/addresses.ts";
import { unpack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { type Asked, anyOf, combine, NO_FILTERS, ofTaskRunsInIndex } from "./sql-filter.ts";
import { ownersToAsk, placesToAsk } from "./task-run-owners.ts";

/** Task runs of one owner whose artifacts one list looks for. */
const MOST_TASK_RUNS = 5_000;

/**
 * The filters with what they ask of task runs said of their flow run `r`. `around`: which of the filters that flow run has to meet
 * too, where that is not all of them.
 */
export async function askedOfRuns<F extends RunFiltersInput>(
  env: Env,
  tenant: Tenant,
  filters: F,
  around: readonly (keyof RunFiltersInput)[] = Object.keys(NO_FILTERS) as (keyof RunFiltersInput)[],
): Promise<Asked<F>> {
  const { task_runs: asked } = filters;
  if (asked === null) return { ...filters, task_runs: null };
  const known = ofTaskRunsInIndex.flowRun(asked);
  if (known) return { ...filters, task_runs: known };
  const narrowed = {
    ...NO_FILTERS,
    ...Object.fromEntries(around.map((name) => [name, filters[name]])),
    task_runs: asked,
  };
  const { flowRuns } = await placesToAsk(env, tenant, narrowed);
  const counts = await Promise.all(
    flowRuns.map((id) => flowRunAt(env, tenant.workspace, id).countTaskRuns(tenant, asked)),
  );
  const found = flowRuns.filter((_, at) => (counts[at] ?? 0) > 0);
  return { ...filters, task_runs: combine("and_", [anyOf("r.id", found)]) };
}

/** The same of artifacts `a`, which say themselves to which task run they belong. */
export async function askedOfArtifacts<F extends Omit<RunFiltersInput, "work_pools" | "work_pool_queues">>(
  env: Env,
  tenant: Tenant,
  filters: F,
): Promise<Asked<F>> {
  const { task_runs: asked, flows, flow_runs, deployments } = filters;
  if (asked === null) return { ...filters, task_runs: null };
  const known = ofTaskRunsInIndex.artifact(asked);
  if (known) return { ...filters, task_runs: known };
  const owners = await ownersToAsk(env, tenant, { ...NO_FILTERS, task_runs: asked, flows, flow_runs, deployments });
  const query = { filter: asked, sort: "ID_DESC", limit: MOST_TASK_RUNS } as const;
  const lists = await Promise.all(owners.map((owner) => owner.findTaskRuns(tenant, query)));
  const found = lists.flatMap((list) => unpack(list)).map(({ id }) => id);
  return { ...filters, task_runs: combine("and_", [anyOf("a.task_run_id", found)]) };
}
