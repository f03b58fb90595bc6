import type { Json } from "@millrace/domain/json.ts";
import { ApiError } from "../sdk/api/connect.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { readStdin } from "./secret.ts";

export const command: CommandSpec = {
  description:
    "Gives a variable its value, and makes it where it is not there. JSON where it is JSON, else text; - reads it.",
  examples: [
    "millrace variable set region eu-west-1",
    "millrace variable set limits '{\"max\": 10}' --tag prod",
    "millrace variable set page - --text < page.html",
  ],
  positionals: ["<variable>", "<value>"],
  options: {
    text: { type: "boolean", description: "take it as text, whatever it looks like" },
    tag: { type: "string", multiple: true, value: "TAG", description: "a tag; those there were are replaced" },
  },
  async run(call) {
    const [name, given] = call.args as [string, string];
    const text = given === "-" ? (await readStdin()).replace(/\r?\n$/, "") : given;
    const value = call.flag("text") ? text : jsonOr(text);
    const tags = call.texts("tag");
    const body = { value, ...(tags.length > 0 && { tags: [...tags] }) };
    const { call: api } = await apiOf(call);
    try {
      await api("PATCH /variables/name/{name}", { params: { name }, body });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await api("POST /variables/", { body: { name, ...body } });
    }
    const now = await api("GET /variables/name/{name}", { params: { name } });
    call.out.record({ name, value: JSON.stringify(now.value), tags: now.tags.join(", ") }, now, name);
    return undefined;
  },
};

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
