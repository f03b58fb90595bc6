import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { everyPage } from "./every-page.ts";

export const command: CommandSpec = {
  description: "Lists variables with their values.",
  examples: ["millrace variable ls", "millrace variable ls --tag prod -o json"],
  options: { tag: { type: "string", multiple: true, value: "TAG", description: "with this tag" } },
  async run(call) {
    const { call: api } = await apiOf(call);
    const tags = call.texts("tag");
    const variables = tags.length > 0 ? { tags: { all_: [...tags] } } : undefined;
    const rows = await everyPage((page) =>
      api("POST /variables/filter", { body: { variables, sort: "NAME_ASC", ...page } }),
    );
    call.out.list({
      rows,
      columns: {
        name: { title: "NAME", of: (row) => row.name },
        value: { title: "VALUE", of: (row) => JSON.stringify(row.value) },
        tags: { title: "TAGS", of: (row) => row.tags.join(", ") },
        updated: { title: "UPDATED", of: (row) => row.updated, moment: true },
      },
      name: (row) => row.name,
      empty: "There is no variable yet; `millrace variable set <name> <value>` makes one.",
    });
    return undefined;
  },
};
