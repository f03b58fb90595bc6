import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Lists runs that could not be brought to their pool, however often it was tried.",
  examples: ["millrace dead-letters ls", "millrace dead-letters ls --all -o json"],
  options: { all: { type: "boolean", short: "a", description: "also those that were replayed or dropped" } },
  async run(call) {
    const { call: api } = await apiOf(call);
    call.out.list({
      rows: await api("POST /dead_letters/filter", {
        body: call.flag("all") ? { status: ["WAITING", "REPLAYED", "DROPPED"] } : {},
      }),
      columns: {
        id: { title: "RUN", of: (letter) => letter.id },
        name: { title: "NAME", of: (letter) => letter.flow_run_name },
        state: { title: "STATE", of: (letter) => letter.flow_run_state_type },
        status: { title: "STATUS", of: (letter) => letter.status },
        pool: { title: "POOL", of: (letter) => letter.work_pool_id },
        since: { title: "SINCE", of: (letter) => letter.created, moment: true },
      },
      name: (letter) => letter.id,
      empty: "No dead letter waits.",
    });
    return undefined;
  },
};
