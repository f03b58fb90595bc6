import type { CommandSpec } from "./command.ts";
import { YES_OPTION } from "./confirm.ts";
import { removeEach } from "./remove-each.ts";
import { removeSecret } from "./secrets.ts";

export const command: CommandSpec = {
  description: "Removes secrets.",
  examples: ["millrace secret rm db-password"],
  positionals: ["<secret>", "[secret...]"],
  options: { yes: YES_OPTION },
  run: (call) => removeEach(call, "secret", call.args, (name, { call: api }) => removeSecret(api, name)),
};
