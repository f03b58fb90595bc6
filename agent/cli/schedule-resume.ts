import type { CommandSpec } from "./command.ts";
import { setActive } from "./schedule-active.ts";

export const command: CommandSpec = {
  description: "Lets a schedule, or all of a deployment, go on from now.",
  examples: ["millrace schedule resume hello/nightly", "millrace schedule resume hello/nightly 01a213c9"],
  positionals: ["<flow/deployment>", "[schedule]"],
  run: (call) => setActive(call, true),
};
