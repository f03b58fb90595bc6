/**
 * Clients that write without a pause: runs from their creation to their end, with lines, artifacts and task-run events. A call that
 * fails may have been done or not; its run is left as it is, and another one is begun.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Client, createClient } from "@millrace/contract/client.ts";
import type { Tenant } from "../../support/tenant.ts";
import type { Acknowledged, AcknowledgedRun } from "./acknowledged.ts";

/** Milliseconds that a call may take before its client gives it up. */
const PATIENCE = 10_000;
/** Milliseconds before a client whose call failed tries again. */
const PAUSE = 50;

/** The tag that all runs of a trial bear, by which the index finds them. */
export const TAG = "kill-trial";

export interface Writers {
  /** Resolves when every call that was under way has ended. */
  stop(): Promise<void>;
}

/** Starts `count` clients. */
export function startWriters(tenant: Tenant, acknowledged: Acknowledged, count: number): Writers {
  let stopped = false;
  const client = createClient({
    baseUrl: tenant.apiUrl,
    token: tenant.key,
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) }),
  });
  const loop = async (): Promise<void> => {
    while (!stopped) {
      try {
        await live(client, acknowledged);
      } catch {
        await wait(PAUSE);
      }
    }
  };
  const loops = Array.from({ length: count }, loop);
  return {
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

/** One run from its creation to its end. */
async function live(client: Client, acknowledged: Acknowledged): Promise<void> {
  const flow = await client("POST /flows/", { body: { name: "kill-trial" } });
  const { id } = await client("POST /flow_runs/", {
    body: { flow_id: flow.id, state: { type: "PENDING" }, tags: [TAG] },
  });
  const run = acknowledged.begin(id);
  const done = async <T>(call: Promise<T>, remember: (answer: T) => void): Promise<void> => {
    remember(await call);
    acknowledged.count += 1;
  };
  const enter = async (type: "RUNNING" | "COMPLETED"): Promise<void> => {
    run.unanswered = type;
    await done(client("POST /flow_runs/{id}/set_state", { params: { id }, body: { state: { type } } }), () => {
      run.states.push(type);
      run.unanswered = null;
    });
  };
  await enter("RUNNING");
  await done(client("POST /events", { body: taskEvents(run) as never }), () => {
    run.taskRuns.push(nextTaskRun(run));
  });
  const message = `line ${randomUUID()}`;
  await done(
    client("POST /logs/", {
      body: [{ name: "kills", level: 20, message, timestamp: new Date().toISOString(), flow_run_id: id }],
    }),
    () => run.lines.push(message),
  );
  await done(client("POST /artifacts/", { body: { type: "markdown", data: "text", flow_run_id: id } }), (artifact) =>
    run.artifacts.push(artifact.id),
  );
  await enter("COMPLETED");
}

/** The id of the task run that the next events tell of. */
const nextTaskRun = ({ id }: AcknowledgedRun): string =>
  `${id.slice(0, 24)}${"0".repeat(12)}`.replace(/^.{8}/, "7a5c0000");

/** The events of a task that ran and completed. */
function taskEvents(run: AcknowledgedRun): unknown[] {
  const now = Date.now();
  return ["RUNNING", "COMPLETED"].map((type, step) => ({
    id: randomUUID(),
    occurred: new Date(now + step).toISOString(),
    event: `prefect.task-run.${type}`,
    resource: {
      "prefect.resource.id": `prefect.task-run.${nextTaskRun(run)}`,
      "prefect.resource.name": "task-1",
      "prefect.state-type": type,
      "prefect.orchestration": "client",
    },
    related: [{ "prefect.resource.id": `prefect.flow-run.${run.id}`, "prefect.resource.role": "flow-run" }],
    payload: {
      intended: { from: null, to: type },
      initial_state: null,
      validated_state: { type, name: type, message: "", state_details: {}, data: null },
      task_run: { name: "task-1", task_key: "task", dynamic_key: "1", tags: [], labels: {}, run_count: step },
    },
    follows: null,
  }));
}
