import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Prints the value of a variable: text as it is, all else as JSON.",
  examples: ["millrace variable get region", "millrace variable get limits -o json | jq .value.max"],
  positionals: ["<variable>"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const variable = await api("GET /variables/name/{name}", { params: { name: call.args[0] as string } });
    const { value } = variable;
    if (call.out.isJson) call.out.json(variable);
    else call.out.line(typeof value === "string" ? value : JSON.stringify(value));
    return undefined;
  },
};
