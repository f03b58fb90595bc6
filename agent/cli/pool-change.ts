/** Changing pools and their queues, and showing what they are then. */
import type { WireWorkPool } from "@millrace/contract/work-pools.ts";
import type { WireWorkQueue } from "@millrace/contract/work-queues.ts";
import { apiOf } from "./api.ts";
import type { Call, OptionSpec } from "./command.ts";
import { usage } from "./problem.ts";

export const LIMIT_OPTION: OptionSpec = { type: "string", value: "N|none", description: "runs at once" };

/** The value of --limit: a number, null for none, or nothing. */
export function limitOf(call: Call): number | null | undefined {
  return call.text("limit") === "none" ? null : call.count("limit", 0);
}

export async function changePool(
  call: Call,
  body: { is_paused?: boolean; concurrency_limit?: number | null; description?: string },
): Promise<undefined> {
  const { call: api } = await apiOf(call);
  for (const name of new Set(call.args)) {
    await api("PATCH /work_pools/{name}", { params: { name }, body });
    poolRecord(call, await api("GET /work_pools/{name}", { params: { name } }));
  }
  return undefined;
}

export function poolRecord({ out }: Call, pool: WireWorkPool): void {
  out.record(
    {
      ...{ id: pool.id, name: pool.name, type: pool.type, status: pool.status, limit: pool.concurrency_limit },
      description: pool.description,
    },
    pool,
    pool.name,
  );
}

/** A queue as it is meant: `pool/queue`. */
export function queueOf(meant: string): { work_pool_name: string; name: string } {
  const at = meant.indexOf("/");
  if (at <= 0 || at === meant.length - 1)
    throw usage(`"${meant}" is no queue; write it as pool/queue.`, "<pool/queue>");
  return { work_pool_name: meant.slice(0, at), name: meant.slice(at + 1) };
}

export async function changeQueue(
  call: Call,
  body: { is_paused?: boolean; concurrency_limit?: number | null; priority?: number },
): Promise<undefined> {
  const { call: api } = await apiOf(call);
  const params = queueOf(call.args[0] as string);
  await api("PATCH /work_pools/{work_pool_name}/queues/{name}", { params, body });
  queueRecord(call, await api("GET /work_pools/{work_pool_name}/queues/{name}", { params }));
  return undefined;
}

export function queueRecord({ out }: Call, queue: WireWorkQueue): void {
  out.record(
    {
      ...{ id: queue.id, name: `${queue.work_pool_name}/${queue.name}`, priority: queue.priority },
      ...{ limit: queue.concurrency_limit, status: queue.status },
    },
    queue,
    `${queue.work_pool_name}/${queue.name}`,
  );
}
