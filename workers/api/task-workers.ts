import { taskWorkers } from "@millrace/contract/task-workers.ts";
import { formatInstant, fromMilliseconds } from "@millrace/domain/time.ts";
import { backgroundTasksAt } from "../../durable-objects/addresses.ts";
import { type App, serve } from "./serve.ts";

/** Who takes background tasks: whoever is connected, so that each was seen just now. */
export function serveTaskWorkers(app: App): void {
  serve(app, taskWorkers.filter, async ({ env, tenant, body }) => {
    const keys = body.task_worker_filter?.task_keys ?? [];
    const workers = await backgroundTasksAt(env, tenant.workspace).workers(tenant, keys);
    const timestamp = formatInstant(fromMilliseconds(Date.now()));
    return workers.map(({ identifier, taskKeys }) => ({ identifier, task_keys: taskKeys, timestamp }));
  });
}
