import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { namedDeployments } from "./named-deployments.ts";

export const command: CommandSpec = {
  description: "Lists deployments.",
  examples: ["millrace deployment ls", "millrace deployment ls -o name"],
  async run(call) {
    const { call: api } = await apiOf(call);
    call.out.list({
      rows: await namedDeployments(api),
      columns: {
        id: { title: "ID", of: (row) => row.id },
        name: { title: "DEPLOYMENT", of: (row) => row.full_name },
        pool: { title: "POOL", of: (row) => row.work_pool_name },
        status: { title: "STATUS", of: (row) => (row.paused ? "PAUSED" : row.status) },
        updated: { title: "UPDATED", of: (row) => row.updated, moment: true },
      },
      name: (row) => row.full_name,
      empty: "There is no deployment yet; `millrace deploy` makes one.",
    });
    return undefined;
  },
};
