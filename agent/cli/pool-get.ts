import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { poolRecord } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Shows a pool.",
  examples: ["millrace pool get default", "millrace pool get default -o json | jq .base_job_template"],
  positionals: ["<pool>"],
  async run(call) {
    const { call: api } = await apiOf(call);
    poolRecord(call, await api("GET /work_pools/{name}", { params: { name: call.args[0] as string } }));
    return undefined;
  },
};
