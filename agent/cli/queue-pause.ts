import type { CommandSpec } from "./command.ts";
import { changeQueue } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Pauses a queue: none of its runs is started until it is resumed.",
  examples: ["millrace queue pause default/high"],
  positionals: ["<pool/queue>"],
  run: (call) => changeQueue(call, { is_paused: true }),
};
