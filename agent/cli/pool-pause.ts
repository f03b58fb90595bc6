import type { CommandSpec } from "./command.ts";
import { changePool } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Pauses pools: none of their runs is started until they are resumed.",
  examples: ["millrace pool pause default"],
  positionals: ["<pool>", "[pool...]"],
  run: (call) => changePool(call, { is_paused: true }),
};
