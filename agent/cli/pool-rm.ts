import type { CommandSpec } from "./command.ts";
import { YES_OPTION } from "./confirm.ts";
import { removeEach } from "./remove-each.ts";

export const command: CommandSpec = {
  description: "Removes pools with their queues. Runs that wait in one are started by nobody any more.",
  examples: ["millrace pool rm eu-linux"],
  positionals: ["<pool>", "[pool...]"],
  options: { yes: YES_OPTION },
  run: (call) =>
    removeEach(call, "pool", call.args, (name, { call: api }) =>
      api("DELETE /work_pools/{name}", { params: { name } }),
    ),
};
