import type { CommandSpec } from "./command.ts";
import { eachRun, MANY_RUNS } from "./each-run.ts";

export const command: CommandSpec = {
  description: "Deletes runs with their logs, for good. What still runs is not ended by it: cancel it first.",
  examples: [
    "millrace runs rm shaggy-tiger",
    "millrace runs rm --state completed --tag test --dry-run",
    "millrace runs rm --state completed --tag test --yes",
  ],
  positionals: ["[run...]"],
  options: MANY_RUNS,
  run: (call) =>
    eachRun(
      call,
      async (run, { call: api }) => {
        await api("DELETE /flow_runs/{id}", { params: { id: run.id } });
        return { id: run.id, name: run.name, state: run.state_name, note: "deleted" };
      },
      { verb: "Delete", asks: true },
    ),
};
