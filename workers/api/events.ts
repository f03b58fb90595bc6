import { type EventInput, events, eventToWire } from "@millrace/contract/events.ts";
import { isTaskRunEvent, taskRunTarget } from "@millrace/domain/task-run/record.ts";
import { formatInstant, fromMilliseconds } from "@millrace/domain/time.ts";
import { backgroundTasksAt, eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { heartbeatOf, isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import { type Credential, reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Refusal } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";

/** Events that clients send over HTTP; what this answers is recorded. */
export function serveEvents(app: App): void {
  serve(app, events.create, async ({ env, tenant, body, credential, afterwards }) => {
    const { recorded, announced } = recordEvents(env, tenant, body, credential);
    afterwards(announced);
    await recorded;
  });
}

/**
 * Records what events say of task runs, each in its flow run's object, and announces them all to the workspace.
 *
 * Events about another workspace's runs find nothing there, and are announced to their sender's own workspace alone.
 */
export function recordEvents(
  env: Env,
  tenant: Tenant,
  batch: readonly EventInput[],
  credential: Credential,
): { recorded: Promise<void>; announced: Promise<void> } {
  const received = fromMilliseconds(Date.now());
  const wire = batch.map((event) => eventToWire(event, received, formatInstant));
  const byRun = Map.groupBy(
    wire.filter((event) => isTaskRunEvent(event) || heartbeatOf(event) !== null),
    (event) => heartbeatOf(event) ?? taskRunTarget(event)?.flowRunId ?? null,
  );
  const recorded = Promise.all(
    [...byRun].map(async ([flowRun, some]) => {
      if (flowRun === null) return backgroundTasksAt(env, tenant.workspace).record(tenant, some);
      if (!isRunId(flowRun, env.KEY_PEPPER, tenant.workspace)) return;
      const answer = await flowRunAt(env, tenant.workspace, flowRun).recordEvents(tenant, some, reporterOf(credential));
      if (isProblem(answer)) throw new Refusal(answer);
    }),
  ).then(() => undefined);
  const { workspace, shard } = tenant;
  const announced =
    wire.length === 0
      ? Promise.resolve()
      : eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ events: wire }]), false);
  return { recorded, announced };
}
