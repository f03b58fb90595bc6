import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

const PAGE = 200;

export const command: CommandSpec = {
  description: "Lists deployments.",
  examples: ["millrace deployment ls", "millrace deployment ls -o name"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const deployments = await api("POST /deployments/filter", { body: { limit: PAGE } });
    const ids = [...new Set(deployments.map((deployment) => deployment.flow_id))];
    const flows =
      ids.length === 0 ? [] : await api("POST /flows/filter", { body: { flows: { id: { any_: ids } }, limit: PAGE } });
    const names = new Map(flows.map((flow) => [flow.id, flow.name]));
    call.out.list({
      rows: deployments.map((deployment) => ({
        ...deployment,
        full_name: `${names.get(deployment.flow_id) ?? "?"}/${deployment.name}`,
      })),
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
