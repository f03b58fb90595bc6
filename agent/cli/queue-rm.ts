import type { CommandSpec } from "./command.ts";
import { YES_OPTION } from "./confirm.ts";
import { queueOf } from "./pool-change.ts";
import { removeEach } from "./remove-each.ts";

export const command: CommandSpec = {
  description: "Removes queues; their runs go on in the pool's default queue.",
  examples: ["millrace queue rm default/low"],
  positionals: ["<pool/queue>", "[pool/queue...]"],
  options: { yes: YES_OPTION },
  async run(call) {
    const queues = new Map(call.args.map((meant) => [meant, queueOf(meant)]));
    return removeEach(call, "queue", [...queues.keys()], (meant, { call: api }) =>
      api("DELETE /work_pools/{work_pool_name}/queues/{name}", { params: queueOf(meant) }),
    );
  },
};
