import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";

export const command: CommandSpec = {
  description: "Says who has the slots of a limit, since when and until when, and who waits, in order of arrival.",
  examples: ["millrace limit holders database"],
  positionals: ["<limit>"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const name = call.args[0] as string;
    const found = await api("GET /v2/concurrency_limits/{id_or_name}/holders", { params: { id_or_name: name } });
    const { out } = call;
    if (out.format === "json") {
      out.json(found);
      return undefined;
    }
    out.list({
      rows: [
        ...found.holders.map((one) => ({ ...one, has: "holds" })),
        ...found.waiting.map((one) => ({ ...one, until: null, has: "waits" })),
      ],
      columns: {
        id: { title: "ID", of: (row) => row.holder?.id ?? "unknown" },
        kind: { title: "KIND", of: (row) => row.holder?.type.replace("_", " ") ?? "" },
        has: { title: "", of: (row) => row.has },
        slots: { title: "SLOTS", of: (row) => row.slots },
        since: { title: "SINCE", of: (row) => row.since, moment: true },
        until: { title: "UNTIL", of: (row) => row.until, moment: true },
      },
      name: (row) => row.holder?.id ?? "",
      empty: `Nobody has a slot of ${name}, and nobody waits.`,
    });
    return undefined;
  },
};
