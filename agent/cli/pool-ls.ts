import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Lists work pools.",
  examples: ["millrace pool ls", "millrace pool ls -o json"],
  async run(call) {
    const { call: api } = await apiOf(call);
    call.out.list({
      rows: await api("POST /work_pools/filter", { body: {} }),
      columns: {
        id: { title: "ID", of: (pool) => pool.id },
        name: { title: "NAME", of: (pool) => pool.name },
        type: { title: "TYPE", of: (pool) => pool.type },
        status: { title: "STATUS", of: (pool) => pool.status },
        limit: { title: "LIMIT", of: (pool) => pool.concurrency_limit },
      },
      name: (pool) => pool.name,
      empty: "There is no pool yet; `millrace pool create <name>` makes one.",
    });
    return undefined;
  },
};
