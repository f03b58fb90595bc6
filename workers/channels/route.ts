/** Which path is which websocket. */

import { problemResponse, Refusal } from "../api/refusal.ts";
import { routingPath } from "../api/serve.ts";
import type { Env } from "../env.ts";
import { agents, connectDirectly } from "./agents.ts";
import { eventsIn } from "./events-in.ts";
import { type Channel, upgrade } from "./handshake.ts";
import { eventsOut, live, logsOut } from "./subscriptions.ts";
import { taskWorkers } from "./task-workers.ts";
import { workers } from "./workers.ts";

const CHANNELS: { readonly [path: string]: Channel } = {
  "/api/events/in": eventsIn,
  "/api/events/out": eventsOut,
  "/api/logs/out": logsOut,
  "/api/agents/connect": agents,
  "/api/task_runs/subscriptions/scheduled": taskWorkers,
};
const WORKERS = /^\/api\/work_pools\/([^/]+)\/workers\/connect$/;
const LIVE = /^\/api\/flow_runs\/([0-9a-f-]{36})\/live$/;

/** The answer to a socket's upgrade; null for a path that is no socket. */
export async function openChannel(
  request: Request,
  env: Env,
  lasting: (work: Promise<unknown>) => void,
): Promise<Response | null> {
  const path = routingPath(request);
  const run = LIVE.exec(path)?.[1];
  const pool = WORKERS.exec(path)?.[1];
  const channel = run ? live(run) : pool ? workers(decoded(pool)) : CHANNELS[path];
  if (!channel) return null;
  try {
    const direct = channel === agents ? await connectDirectly(request, env) : null;
    return direct ?? upgrade(channel, request, env, lasting);
  } catch (error) {
    if (error instanceof Refusal) return problemResponse(error.problem);
    throw error;
  }
}

/** A name out of a path; one that cannot be read is nobody's. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
