import { readProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Lists profiles.",
  examples: ["millrace profile ls"],
  async run(call) {
    const { active, profiles } = await readProfiles(call.env);
    call.out.list({
      rows: Object.entries(profiles).map(([name, { api_url, api_key }]) => ({
        name,
        api_url,
        key: api_key !== undefined,
        active: name === active,
      })),
      columns: {
        active: { title: "", of: (row) => (row.active ? "*" : "") },
        name: { title: "NAME", of: (row) => row.name },
        api_url: { title: "API", of: (row) => row.api_url },
        key: { title: "KEY", of: (row) => (row.key ? "yes" : "no") },
      },
      name: (row) => row.name,
      empty: "There is no profile yet; `millrace login` makes one.",
    });
    return undefined;
  },
};
