import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { everyPage } from "./every-page.ts";

export const command: CommandSpec = {
  description:
    "Lists concurrency limits: how many slots each has, and how many are taken. A limit of a tag is called tag:<tag>.",
  examples: ["millrace limit ls", "millrace limit ls -o json"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const rows = await everyPage((page) => api("POST /v2/concurrency_limits/filter", { body: page }));
    call.out.list({
      rows,
      columns: {
        name: { title: "NAME", of: (row) => row.name },
        limit: { title: "LIMIT", of: (row) => row.limit },
        taken: { title: "TAKEN", of: (row) => row.active_slots },
        decay: { title: "DECAY/S", of: (row) => row.slot_decay_per_second || null },
        state: { title: "STATE", of: (row) => (row.active ? "active" : "off") },
      },
      name: (row) => row.name,
      empty: "There is no limit yet; `millrace limit set <name> <slots>` makes one.",
    });
    return undefined;
  },
};
