import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Lists the queues of all pools, or of one, those that go first on top.",
  examples: ["millrace queue ls", "millrace queue ls default"],
  positionals: ["[pool]"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const only = call.args[0];
    const pools =
      only === undefined ? (await api("POST /work_pools/filter", { body: {} })).map(({ name }) => name) : [only];
    const queues = [];
    for (const work_pool_name of pools)
      queues.push(
        ...(await api("POST /work_pools/{work_pool_name}/queues/filter", { params: { work_pool_name }, body: {} })),
      );
    call.out.list({
      rows: queues,
      columns: {
        id: { title: "ID", of: (row) => row.id },
        name: { title: "QUEUE", of: (row) => `${row.work_pool_name}/${row.name}` },
        priority: { title: "PRIORITY", of: (row) => row.priority },
        limit: { title: "LIMIT", of: (row) => row.concurrency_limit },
        status: { title: "STATUS", of: (row) => row.status },
      },
      name: (row) => `${row.work_pool_name}/${row.name}`,
      empty: "There is no pool yet; `millrace pool create <name>` makes one.",
    });
    return undefined;
  },
};
