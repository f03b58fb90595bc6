import type { CommandSpec } from "./command.ts";
import { eachRun } from "./each-run.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Cancels runs: their processes are asked to end, and killed after a grace.",
  examples: ["millrace runs cancel 01a20db2", "millrace runs ls --state running -o name | xargs millrace runs cancel"],
  positionals: ["<run>", "[run...]"],
  run: (call) =>
    eachRun(call, async (run, { call: api }) => {
      const { status, state, details } = await api("POST /flow_runs/{id}/set_state", {
        params: { id: run.id },
        body: { state: { type: "CANCELLING", name: "Cancelling" } },
      });
      const reason = "reason" in details ? details.reason : null;
      if (status === "ABORT") throw new Problem(reason ?? "The server refused.", { code: "refused" });
      return {
        id: run.id,
        name: run.name,
        state: state?.name ?? null,
        note: status === "ACCEPT" ? "" : (reason ?? ""),
      };
    }),
};
