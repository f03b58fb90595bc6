import type { CommandSpec } from "./command.ts";
import { setActive } from "./schedule-active.ts";

export const command: CommandSpec = {
  description: "Pauses a schedule, or all of a deployment: what it planned is taken back.",
  examples: ["millrace schedule pause hello/nightly", "millrace schedule pause hello/nightly 01a213c9"],
  positionals: ["<flow/deployment>", "[schedule]"],
  run: (call) => setActive(call, false),
};
