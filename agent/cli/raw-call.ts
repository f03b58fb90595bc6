import { readFile } from "node:fs/promises";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { ApiError, authorization } from "../sdk/api/connect.ts";
import { retryingFetch } from "../sdk/api/retrying-fetch.ts";
import { settingsOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";
import { readStdin } from "./secret.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

export const command: CommandSpec = {
  description:
    "Calls the API as it is. A path is one of the workspace, or from /api on one of the server; GET where no field is given, else POST.",
  examples: [
    'millrace api /flow_runs/count -F \'flow_runs={"tags":{"all_":["nightly"]}}\'',
    "millrace api GET /work_pools/default",
    "millrace api PATCH /work_pools/default --input pool.json",
    "millrace api /api/me/workspaces",
  ],
  positionals: ["[METHOD]", "<path>"],
  options: {
    field: {
      type: "string",
      short: "F",
      multiple: true,
      value: "KEY=VALUE",
      description: "a field of the body, or of the query with GET: JSON where it is JSON, else text",
    },
    "raw-field": {
      type: "string",
      short: "f",
      multiple: true,
      value: "KEY=VALUE",
      description: "a field that is text",
    },
    input: { type: "string", value: "FILE", description: "the body; - for standard input" },
    include: { type: "boolean", short: "i", description: "say the status on stderr" },
  },
  async run(call) {
    const [method, path] = called(call);
    const settings = await settingsOf(call);
    const fields = fieldsOf(call);
    const inQuery = method === "GET" || method === "HEAD" || method === "DELETE";
    const url = new URL(urlOf(settings.url, path));
    if (inQuery)
      for (const [key, value] of Object.entries(fields))
        url.searchParams.append(key, typeof value === "string" ? value : JSON.stringify(value));
    const body = await bodyOf(call, inQuery ? {} : fields);
    // What changes something is not sent twice.
    const send = retryingFetch({ budgetMs: inQuery ? 5_000 : 0 });
    const answer = await send(url.href, {
      method,
      headers: {
        accept: "application/json",
        ...authorization(settings.credential),
        ...(body !== null && { "content-type": "application/json" }),
      },
      ...(body !== null && { body }),
    });
    const text = await answer.text();
    if (call.flag("include")) call.out.complain(`HTTP ${answer.status}`);
    const json = parsed(text);
    if (answer.status >= 400)
      throw new ApiError({ status: answer.status, method, path: url.pathname, body: json ?? text, retryAfter: null });
    if (json !== undefined && call.out.format !== "tsv") call.out.json(json);
    else if (text !== "") call.out.line(text);
    return undefined;
  },
};

/** Method and path of the call. */
function called(call: Call): [string, string] {
  const [first = "", second] = call.args;
  const given = fieldNames(call).length > 0 || call.text("input") !== undefined;
  if (second === undefined) {
    // A method without a path is a path that is missing, not a path of that name.
    if ((METHODS as readonly string[]).includes(first.toUpperCase())) throw usage(`${first} of which path?`, "<path>");
    return [given ? "POST" : "GET", first];
  }
  const method = first.toUpperCase();
  if (!(METHODS as readonly string[]).includes(method))
    throw usage(`There is no method "${first}"; there are ${METHODS.join(", ")}.`, "METHOD");
  return [method, second];
}

/** The address of a path. The key goes to its own server and nowhere else. */
export function urlOf(base: string, path: string): string {
  const { origin } = new URL(base);
  if (/^[a-z]+:\/\//i.test(path)) {
    if (new URL(path).origin === origin) return path;
    throw usage(`${new URL(path).origin} is not the server of your key, which is ${origin}.`, "<path>");
  }
  const rooted = path.startsWith("/") ? path : `/${path}`;
  return /^\/api(\/|$)/.test(rooted) ? origin + rooted : base + rooted;
}

const fieldNames = (call: Call): readonly string[] => [...call.texts("field"), ...call.texts("raw-field")];

function fieldsOf(call: Call): JsonObject {
  const read = (pairs: readonly string[], option: string, value: (text: string) => Json): [string, Json][] =>
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw usage(`"${pair}" is no field; write it like ${option} name=value.`, option);
      return [pair.slice(0, at), value(pair.slice(at + 1))];
    });
  return Object.fromEntries([
    ...read(call.texts("field"), "-F", (text) => parsed(text) ?? text),
    ...read(call.texts("raw-field"), "-f", (text) => text),
  ]);
}

async function bodyOf(call: Call, fields: JsonObject): Promise<string | null> {
  const input = call.text("input");
  if (input === undefined) return Object.keys(fields).length > 0 ? JSON.stringify(fields) : null;
  if (Object.keys(fields).length > 0)
    throw usage("The body comes from --input or from fields, not from both.", "--input");
  try {
    return input === "-" ? await readStdin() : await readFile(input, "utf8");
  } catch (error) {
    throw usage(`${input} cannot be read: ${(error as NodeJS.ErrnoException).code}.`, "--input");
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
