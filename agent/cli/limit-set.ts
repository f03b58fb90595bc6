import { ApiError } from "../sdk/api/connect.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";

export const command: CommandSpec = {
  description: "Gives a limit its slots, and makes it where it is not there.",
  examples: ["millrace limit set database 10", "millrace limit set api 5 --decay 0.5", "millrace limit set tag:gpu 2"],
  positionals: ["<limit>", "<slots>"],
  options: {
    decay: { type: "string", value: "N", description: "slots that are given back by themselves each second" },
    off: { type: "boolean", description: "let everybody through for now" },
  },
  async run(call) {
    const [name, slots] = call.args as [string, string];
    if (!/^\d+$/.test(slots)) throw usage(`<slots> must be a whole number of 0 or more, not "${slots}".`, "<slots>");
    const decay = call.text("decay");
    if (decay !== undefined && !(Number(decay) >= 0))
      throw usage(`--decay must be a number, not "${decay}".`, "--decay");
    const body = {
      ...{ limit: Number(slots), active: !call.flag("off") },
      ...(decay !== undefined && { slot_decay_per_second: Number(decay) }),
    };
    const { call: api } = await apiOf(call);
    const params = { id_or_name: name };
    try {
      await api("PATCH /v2/concurrency_limits/{id_or_name}", { params, body });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await api("POST /v2/concurrency_limits/", { body: { name, ...body } });
    }
    const now = await api("GET /v2/concurrency_limits/{id_or_name}", { params });
    call.out.record(
      { name: now.name, limit: now.limit, taken: now.active_slots, state: now.active ? "active" : "off" },
      now,
      now.name,
    );
    return undefined;
  },
};
