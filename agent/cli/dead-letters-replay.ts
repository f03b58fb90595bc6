import type { CommandSpec } from "./command.ts";
import { eachDeadLetter } from "./each-dead-letter.ts";

export const command: CommandSpec = {
  description: "Sends dead letters to their pools again.",
  examples: [
    "millrace dead-letters replay 01a20db2",
    "millrace dead-letters ls -o name | xargs -r millrace dead-letters replay",
  ],
  positionals: ["<run>", "[run...]"],
  run: (call) => eachDeadLetter(call, "replay"),
};
