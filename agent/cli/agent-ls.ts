import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";

export const command: CommandSpec = {
  description: "Lists the agents of a pool, connected or lately seen.",
  examples: ["millrace agent ls --pool default"],
  options: { pool: { type: "string", value: "NAME", description: "the pool", env: "MILLRACE_POOL" } },
  async run(call) {
    const name = call.text("pool");
    if (name === undefined) throw usage("The agents of which pool?", "--pool", "millrace agent ls --pool default");
    const { call: api } = await apiOf(call);
    call.out.list({
      rows: await api("GET /work_pools/{name}/agents", { params: { name } }),
      columns: {
        id: { title: "ID", of: (agent) => agent.id },
        name: { title: "NAME", of: (agent) => agent.name },
        status: {
          title: "STATUS",
          of: (agent) => agent.status,
          paint: (text, agent, colours) => (agent.status === "ONLINE" ? colours.green(text) : text),
        },
        running: { title: "RUNNING", of: (agent) => `${agent.running}/${agent.slots}` },
        version: { title: "VERSION", of: (agent) => agent.version },
        seen: { title: "LAST SEEN", of: (agent) => agent.last_seen },
      },
      name: (agent) => agent.id,
      empty: `Pool ${name} has no agent; \`millrace agent start --pool ${name}\` starts one.`,
    });
    return undefined;
  },
};
