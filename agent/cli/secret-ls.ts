import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { allSecrets } from "./secrets.ts";

export const command: CommandSpec = {
  description: "Lists secrets by their names. Their values are shown to flows alone.",
  examples: ["millrace secret ls"],
  async run(call) {
    const { call: api } = await apiOf(call);
    call.out.list({
      rows: await allSecrets(api),
      columns: {
        id: { title: "ID", of: (row) => row.id },
        name: { title: "NAME", of: (row) => row.name },
        updated: { title: "UPDATED", of: (row) => row.updated, moment: true },
      },
      name: (row) => row.name ?? row.id,
      empty: "There is no secret yet; `millrace secret set <name>` makes one.",
    });
    return undefined;
  },
};
