import type { CommandSpec } from "./command.ts";
import { YES_OPTION } from "./confirm.ts";
import { removeEach } from "./remove-each.ts";

export const command: CommandSpec = {
  description: "Removes variables.",
  examples: ["millrace variable rm region --yes"],
  positionals: ["<variable>", "[variable...]"],
  options: { yes: YES_OPTION },
  run: (call) =>
    removeEach(call, "variable", call.args, (name, { call: api }) =>
      api("DELETE /variables/name/{name}", { params: { name } }),
    ),
};
