import type { CommandSpec } from "./command.ts";
import { changePool } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Lets paused pools go on.",
  examples: ["millrace pool resume default"],
  positionals: ["<pool>", "[pool...]"],
  run: (call) => changePool(call, { is_paused: false }),
};
