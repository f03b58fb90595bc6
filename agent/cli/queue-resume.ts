import type { CommandSpec } from "./command.ts";
import { changeQueue } from "./pool-change.ts";

export const command: CommandSpec = {
  description: "Lets a paused queue go on.",
  examples: ["millrace queue resume default/high"],
  positionals: ["<pool/queue>"],
  run: (call) => changeQueue(call, { is_paused: false }),
};
