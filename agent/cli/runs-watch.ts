import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findRun } from "./find-run.ts";
import { interruptible } from "./interruptible.ts";
import { watchRun } from "./watch-run.ts";

export const command: CommandSpec = {
  description:
    "Follows a run to its end. Exit code 0, or 10, 11, 12 where it failed, crashed, was cancelled. Ctrl-C lets it go on.",
  examples: ["millrace runs watch 01a20db2", "millrace runs watch shaggy-tiger -o json"],
  positionals: ["<run>"],
  async run(call) {
    const { call: api, settings } = await apiOf(call);
    const run = await findRun(api, call.args[0] as string);
    return interruptible(`millrace runs watch ${run.id}`, call.out, (signal) =>
      watchRun(settings, run.id, call.out, signal),
    );
  },
};
