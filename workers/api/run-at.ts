/**
 * Runs by their ids.
 *
 * AP81 A run that is only planned becomes a run of its own as soon as somebody asks it something.
 */
import { deploymentAt, flowRunAt, type Remote } from "../../durable-objects/addresses.ts";
import { PLANNED_VERSION } from "../../durable-objects/deployment/rpc.ts";
import { type FlowRunRpc, isProblem } from "../../durable-objects/flow-run/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { shardOfTenant } from "./shard.ts";

/** The object of a run; a refusal, without touching any object, where the id was not made here. */
export function runAt(env: Env, tenant: Tenant, id: string): Remote<FlowRunRpc> {
  if (!isRunId(id, env.KEY_PEPPER, tenant.workspace)) notFound("flow run", id);
  return new Proxy(
    { run: flowRunAt(env, tenant.workspace, id), bring: () => bring(env, tenant, id) },
    BROUGHT,
  ) as never;
}

type Call = (...args: unknown[]) => Promise<unknown>;

const BROUGHT: ProxyHandler<{ run: Remote<FlowRunRpc>; bring: () => Promise<boolean> }> = {
  get({ run, bring: bringIt }, method): Call | undefined {
    const call = (run as unknown as Record<string | symbol, Call | undefined>)[method];
    if (!call) return undefined;
    return async (...args) => {
      const answer = await call(...args);
      return isMissing(method, answer) && (await bringIt()) ? call(...args) : answer;
    };
  },
};

/** Calls that answer null for a run that is not there, and for no other reason: only they may cost a look into the index. */
const NULL_MEANS_MISSING: readonly unknown[] = ["read", "record", "states"];

const isMissing = (method: unknown, answer: unknown): boolean =>
  answer === null ? NULL_MEANS_MISSING.includes(method) : isProblem(answer) && answer.code === "not_found";

/** Asks the deployment of a planned run to make it; false where it is not planned. */
async function bring(env: Env, tenant: Tenant, id: string): Promise<boolean> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT deployment_id FROM flow_runs WHERE workspace_id = ?1 AND id = ?2 AND version = ${PLANNED_VERSION}`)
    .bind(tenant.workspace, id)
    .first<{ deployment_id: string | null }>();
  const deployment = row?.deployment_id;
  return deployment ? deploymentAt(env, tenant.workspace, deployment).touch(tenant, id) : false;
}
