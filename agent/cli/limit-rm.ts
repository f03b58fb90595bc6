import type { CommandSpec } from "./command.ts";
import { YES_OPTION } from "./confirm.ts";
import { removeEach } from "./remove-each.ts";

export const command: CommandSpec = {
  description: "Removes limits, and forgets who held their slots.",
  examples: ["millrace limit rm database --yes"],
  positionals: ["<limit>", "[limit...]"],
  options: { yes: YES_OPTION },
  run: (call) =>
    removeEach(call, "limit", call.args, (name, { call: api }) =>
      api("DELETE /v2/concurrency_limits/{id_or_name}", { params: { id_or_name: name } }),
    ),
};
