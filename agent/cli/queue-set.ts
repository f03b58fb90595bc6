import { ApiError } from "../sdk/api/connect.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { LIMIT_OPTION, limitOf, queueOf, queueRecord } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Changes a queue of a pool, and makes it where it is not there. Lower priorities go first.",
  examples: ["millrace queue set default/high --priority 1", "millrace queue set default/low --priority 9 --limit 2"],
  positionals: ["<pool/queue>"],
  options: { priority: { type: "string", value: "N", description: "1 goes first" }, limit: LIMIT_OPTION },
  async run(call) {
    const [limit, priority] = [limitOf(call), call.count("priority", 1)];
    const body = {
      ...(limit !== undefined && { concurrency_limit: limit }),
      ...(priority !== undefined && { priority }),
    };
    const params = queueOf(call.args[0] as string);
    const { work_pool_name, name } = params;
    const { call: api } = await apiOf(call);
    try {
      await api("PATCH /work_pools/{work_pool_name}/queues/{name}", { params, body });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await api("POST /work_pools/{work_pool_name}/queues", { params: { work_pool_name }, body: { name, ...body } });
    }
    queueRecord(call, await api("GET /work_pools/{work_pool_name}/queues/{name}", { params }));
    return undefined;
  },
};
