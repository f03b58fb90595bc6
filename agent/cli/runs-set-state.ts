import { STATE_TYPES } from "@millrace/domain/state.ts";
import type { CommandSpec } from "./command.ts";
import { eachRun, MANY_RUNS } from "./each-run.ts";
import { Problem, usage } from "./problem.ts";
import { stateType } from "./run-filter.ts";

export const command: CommandSpec = {
  description:
    "Proposes a state to runs. The server's rules decide, as for any other proposal; --force goes past them.",
  examples: [
    'millrace runs set-state shaggy-tiger --to failed --message "the disk was full"',
    "millrace runs set-state --state running --flow hello --to crashed --force",
  ],
  positionals: ["[run...]"],
  options: {
    to: {
      type: "string",
      value: "STATE",
      description: `the state: ${STATE_TYPES.join(", ").toLowerCase()}`,
      values: STATE_TYPES.map((type) => type.toLowerCase()),
    },
    name: { type: "string", value: "NAME", description: "the state's name, where it is not the usual one" },
    message: { type: "string", short: "m", value: "TEXT", description: "why" },
    force: { type: "boolean", description: "past the rules" },
    ...MANY_RUNS,
  },
  async run(call) {
    const to = call.text("to");
    if (to === undefined) throw usage("Which state?", "--to", "millrace runs set-state <run> --to failed");
    const [name, message] = [call.text("name"), call.text("message")];
    const state = { type: stateType(to, "--to"), ...(name && { name }), ...(message && { message }) };
    return eachRun(
      call,
      async (run, { call: api }) => {
        const body = { state, force: call.flag("force") };
        const answer = await api("POST /flow_runs/{id}/set_state", { params: { id: run.id }, body });
        const reason = "reason" in answer.details ? (answer.details.reason ?? "") : "";
        if (answer.status !== "ACCEPT")
          throw new Problem(`${reason || "The server refused."} The run is ${answer.state?.name ?? run.state_name}.`, {
            code: "refused",
          });
        return { id: run.id, name: run.name, state: answer.state?.name ?? null, note: "" };
      },
      { verb: `Set to ${state.type}` },
    );
  },
};
