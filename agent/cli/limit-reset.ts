import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { confirm, YES_OPTION } from "./confirm.ts";

export const command: CommandSpec = {
  description: "Takes all slots of a limit back, whoever has them. What they began goes on.",
  examples: ["millrace limit reset database"],
  positionals: ["<limit>"],
  options: { yes: YES_OPTION },
  async run(call) {
    const { call: api } = await apiOf(call);
    const params = { id_or_name: call.args[0] as string };
    const { name, active_slots } = await api("GET /v2/concurrency_limits/{id_or_name}", { params });
    await confirm(call, `Take back ${active_slots} slots of ${name}?`);
    await api("PATCH /v2/concurrency_limits/{id_or_name}", { params, body: { active_slots: 0 } });
    call.out.say(`All slots of ${name} are free.`);
    return undefined;
  },
};
