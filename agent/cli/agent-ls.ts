import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Lists agents, connected or lately seen.",
  examples: ["millrace agent ls", "millrace agent ls --pool default"],
  options: {
    pool: { type: "string", value: "NAME", description: "of this pool alone", env: "MILLRACE_POOL", names: "pool" },
  },
  async run(call) {
    const only = call.text("pool");
    const { call: api } = await apiOf(call);
    const pools = only === undefined ? await api("POST /work_pools/filter", { body: {} }) : [{ name: only }];
    const agents = await Promise.all(
      pools.map(async ({ name }) => {
        const list = await api("GET /work_pools/{name}/agents", { params: { name } });
        return list.map((agent) => ({ ...agent, pool: name }));
      }),
    );
    call.out.list({
      rows: agents.flat(),
      columns: {
        id: { title: "ID", of: (agent) => agent.id },
        name: { title: "NAME", of: (agent) => agent.name },
        pool: { title: "POOL", of: (agent) => agent.pool },
        status: {
          title: "STATUS",
          of: (agent) => agent.status,
          paint: (text, agent, colours) => (agent.status === "ONLINE" ? colours.green(text) : text),
        },
        running: { title: "RUNNING", of: (agent) => `${agent.running}/${agent.slots}` },
        version: { title: "VERSION", of: (agent) => agent.version },
        seen: { title: "LAST SEEN", of: (agent) => agent.last_seen, moment: true },
      },
      name: (agent) => agent.id,
      empty: `There is no agent; \`millrace agent start --pool ${only ?? "default"}\` starts one.`,
    });
    return undefined;
  },
};
