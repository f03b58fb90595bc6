/** The Worker: requests, queue batches and cron, and the classes of its objects. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { makeApi } from "./api/app.ts";
import { liftAllowLists } from "./auth/allow-list.ts";
import { type Seed, seed } from "./auth/people.ts";
import { openChannel } from "./channels/route.ts";
import { keepDeadLetters } from "./consumers/dead-letters.ts";
import { dispatch } from "./consumers/dispatch.ts";
import type { Env } from "./env.ts";
import { sweepDeadLetters } from "./sweeps/dead-letters.ts";
import { sweepLiveRuns } from "./sweeps/live-runs.ts";
import { sweepRemovedRuns } from "./sweeps/removed-runs.ts";
import { sweepSilent } from "./sweeps/silent-deployments.ts";
import { sweepUnplanned } from "./sweeps/unplanned-deployments.ts";

export { BackgroundTasks } from "../durable-objects/background-tasks/background-tasks.ts";
export { ConcurrencyLimit } from "../durable-objects/concurrency-limit/concurrency-limit.ts";
export { Deployment } from "../durable-objects/deployment/deployment.ts";
export { EventHub } from "../durable-objects/event-hub/event-hub.ts";
export { FlowRun } from "../durable-objects/flow-run/flow-run.ts";
export { WorkPool } from "../durable-objects/work-pool/work-pool.ts";

const api = makeApi();

export default {
  async fetch(request, env, ctx): Promise<Response> {
    if (!/^\w+:\/\/[^/]+\/(?:api(?:[/?]|$)|hooks\/)/.test(request.url)) {
      return env.WEB ? env.WEB.fetch(request) : new Response("Not Found", { status: 404 });
    }
    const channel = request.headers.has("upgrade")
      ? await openChannel(request, env, (work) => ctx.waitUntil(work))
      : null;
    return channel ?? api.fetch(request, env, ctx);
  },

  async queue(batch, env): Promise<void> {
    await (batch.queue.endsWith("-dead") ? keepDeadLetters(batch, env) : dispatch(batch, env));
  },

  async scheduled(_controller, env): Promise<void> {
    await Promise.all([
      sweepLiveRuns(env),
      sweepRemovedRuns(env),
      sweepUnplanned(env),
      sweepDeadLetters(env),
      sweepSilent(env),
    ]);
  },
} satisfies ExportedHandler<Env>;

/** What the host of a server on one machine may ask, through a binding and never over HTTP. */
export class Bootstrap extends WorkerEntrypoint<Env> {
  /** Makes the first account, workspace and owner; the owner's key is told once. */
  seed({ name }: { name: string }): Promise<Seed> {
    return seed(this.env, { name, handle: name });
  }

  /** Lets people in from everywhere again. */
  liftAllowLists(): Promise<void> {
    return liftAllowLists(this.env);
  }
}
