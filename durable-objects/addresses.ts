/**
 * The address book: the only place that names an object.
 *
 * AD1  A name is made of the workspace of the verified credential and a UUID or half of one, all of fixed length: no choice of
 *      ids makes one tenant's name another's.
 */
import type { BackgroundTasksRpc } from "./background-tasks/rpc.ts";
import type { ConcurrencyLimitRpc } from "./concurrency-limit/rpc.ts";
import type { DeploymentRpc } from "./deployment/rpc.ts";
import type { EventHubRpc } from "./event-hub/rpc.ts";
import type { FlowRunRpc } from "./flow-run/rpc.ts";
import { placeOf } from "./kit/lease.ts";
import { RELEASED } from "./kit/release.ts";
import type { WorkPoolRpc } from "./work-pool/rpc.ts";

/** The namespaces that wrangler.toml binds. */
export interface ObjectNamespaces {
  FLOW_RUN: DurableObjectNamespace;
  WORK_POOL: DurableObjectNamespace;
  EVENT_HUB: DurableObjectNamespace;
  DEPLOYMENT: DurableObjectNamespace;
  CONCURRENCY_LIMIT: DurableObjectNamespace;
  BACKGROUND_TASKS: DurableObjectNamespace;
}

/** An object at the other end: its calls, and `fetch` for websockets. */
export type Remote<Rpc> = Rpc & { fetch(request: Request): Promise<Response> };

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * AD2  A call that finds its object just being released is made once more, to the object that takes its place. Objects are released
 *      only while nothing is under way in them, so such a call was not begun. After any other reset the caller is told.
 *
 * A stub that met a reset stays broken, so each call has its own.
 */
function at<Rpc>(namespace: DurableObjectNamespace, name: string): Remote<Rpc> {
  return new Proxy({ namespace, name }, REMOTE) as unknown as Remote<Rpc>;
}

const REMOTE: ProxyHandler<{ namespace: DurableObjectNamespace; name: string }> = {
  get({ namespace, name }, method): Call | undefined {
    // Whoever awaits a remote asks it for `then`; it is no promise.
    if (typeof method !== "string" || method === "then") return undefined;
    const call: Call = (...args) =>
      (namespace.getByName(name) as unknown as Record<string, Call>)[method]?.(...args) as Promise<unknown>;
    return async (...args) => {
      try {
        return await call(...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.includes(RELEASED))) throw error;
        return call(...args);
      }
    };
  },
};

/** The object of a flow run. */
export const flowRunAt = (env: ObjectNamespaces, workspace: string, run: string): Remote<FlowRunRpc> =>
  at(env.FLOW_RUN, `${workspace}/${run}`);

/** The object of a work pool, by the pool's id. */
export const workPoolAt = (env: ObjectNamespaces, workspace: string, pool: string): Remote<WorkPoolRpc> =>
  at(env.WORK_POOL, `${workspace}/${pool}`);

/** The object of a deployment, by the deployment's id. */
export const deploymentAt = (env: ObjectNamespaces, workspace: string, deployment: string): Remote<DeploymentRpc> =>
  at(env.DEPLOYMENT, `${workspace}/${deployment}`);

/** A workspace's hub of index rows and events. */
export const eventHubAt = (env: ObjectNamespaces, workspace: string): Remote<EventHubRpc> =>
  at(env.EVENT_HUB, workspace);

/** The object of a concurrency limit, by the limit's id or by that of a lease that is kept there. */
export const concurrencyLimitAt = (env: ObjectNamespaces, workspace: string, id: string): Remote<ConcurrencyLimitRpc> =>
  at(env.CONCURRENCY_LIMIT, `${workspace}/${placeOf(id)}`);

/** A workspace's task runs that belong to no flow run. */
export const backgroundTasksAt = (env: ObjectNamespaces, workspace: string): Remote<BackgroundTasksRpc> =>
  at(env.BACKGROUND_TASKS, workspace);
