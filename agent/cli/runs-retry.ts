import type { CommandSpec } from "./command.ts";
import { eachRun, MANY_RUNS } from "./each-run.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Runs ended runs again: a new attempt of the same run, with the same parameters.",
  examples: ["millrace runs retry 01a20db2", "millrace runs retry --state failed,crashed --since 1h --yes"],
  positionals: ["[run...]"],
  options: MANY_RUNS,
  run: (call) =>
    eachRun(
      call,
      async (run, { call: api }) => {
        const { status, state, details } = await api("POST /flow_runs/{id}/retry", { params: { id: run.id } });
        const reason = "reason" in details ? details.reason : null;
        if (status === "ABORT") throw new Problem(reason ?? "The server refused.", { code: "refused" });
        return {
          id: run.id,
          name: run.name,
          state: state?.name ?? null,
          note: status === "ACCEPT" ? "" : (reason ?? ""),
        };
      },
      { verb: "Run again" },
    ),
};
