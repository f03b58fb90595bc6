import type { CommandSpec } from "./command.ts";
import { eachDeadLetter } from "./each-dead-letter.ts";

export const command: CommandSpec = {
  description: "Drops dead letters. Their runs are not cancelled: `millrace runs cancel` does that.",
  examples: ["millrace dead-letters drop 01a20db2"],
  positionals: ["<run>", "[run...]"],
  run: (call) => eachDeadLetter(call, "drop"),
};
