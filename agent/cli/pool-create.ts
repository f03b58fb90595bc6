import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Makes a work pool, from which agents take runs.",
  examples: ["millrace pool create eu-linux", "millrace pool create gpu --limit 2"],
  positionals: ["<name>"],
  options: { limit: { type: "string", value: "N", description: "runs at once over all agents" } },
  async run(call) {
    const { call: api } = await apiOf(call);
    const pool = await api("POST /work_pools/", {
      body: { name: call.args[0] as string, type: "process", concurrency_limit: call.count("limit", 0) },
    });
    call.out.record({ id: pool.id, name: pool.name, type: pool.type, status: pool.status }, pool, pool.name);
    return undefined;
  },
};
