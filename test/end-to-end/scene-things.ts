/** What runs leave and use, for browser tests: artifacts, limits, variables, blocks. Made over the API as clients make them. */
import type { Client } from "@millrace/contract/client.ts";

/** A picture that needs no other host. */
export const DOT =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='320' height='120'%3E%3Crect width='320' height='120' fill='%2388aabb'/%3E%3C/svg%3E";

const MARKDOWN = `# Done

8,412 rows, **none** rejected, in \`warehouse.pages\`. See the [dashboard](https://a.example/dashboard).

### By country

| Country | Rows |
|---|---|
| France | 4,210 |
| Spain | 2,980 |

1. Fetch the pages of the night
2. Store them
   - [x] pages
   - [ ] pictures

> Ask Ada before you change it.

\`\`\`python
ingest(urls, locale="fr")
\`\`\`

![The rows of a week](${DOT.replaceAll(" ", "%20")})
`;

export interface Things {
  /** Keys of artifacts. */
  table: string;
  /** Its second version. */
  notes: string;
  progress: string;
  picture: string;
  limit: string;
  /** The tag that has a limit, all of whose slots are taken. */
  tag: string;
  block: string;
  blockType: string;
  schema: string;
}

/** The fields of a block type: a secret, a choice, and something with a default. */
const BLOCK_FIELDS = {
  title: "Warehouse",
  type: "object",
  block_type_slug: "warehouse",
  required: ["host", "password"],
  secret_fields: ["password"],
  properties: {
    host: { title: "Host", type: "string", description: "Where it listens." },
    port: { title: "Port", type: "integer", default: 5432 },
    mode: { title: "Mode", enum: ["read", "write"], default: "read" },
    password: { title: "Password", type: "string", format: "password", writeOnly: true },
  },
};

export async function makeBlockType(api: Client, slug = "warehouse"): Promise<{ type: string; schema: string }> {
  const { id: type } = await api("POST /block_types/", {
    body: {
      name: slug[0]?.toUpperCase() + slug.slice(1),
      slug,
      description: "The store of all pages.",
      documentation_url: "https://a.example/warehouse",
      code_example: 'Load it, and **ask** it:\n\n```python\nrows = Warehouse.load("eu").rows()\n```',
    },
  });
  const fields = { ...BLOCK_FIELDS, block_type_slug: slug };
  const { id: schema } = await api("POST /block_schemas/", { body: { fields, block_type_id: type } });
  return { type, schema };
}

export async function paintThings(api: Client, run: string | null): Promise<Things> {
  const artifact = (key: string, type: string, data: unknown, description: string | null = null) =>
    api("POST /artifacts/", { body: { key, type, description, flow_run_id: run, data: data as string } });
  await artifact("country-totals", "table", JSON.stringify([{ country: "France", rows: 4210 }]), "Rows by country");
  await artifact("release-notes", "markdown", "# Begun");
  await artifact("release-notes", "markdown", MARKDOWN, "What the night brought.");
  await artifact("upload", "progress", 62.5);
  await artifact("week", "image", DOT, "The rows of a week");
  await api("POST /v2/concurrency_limits/", { body: { name: "database", limit: 3 } });
  await api("POST /v2/concurrency_limits/", { body: { name: "calls", limit: 10, slot_decay_per_second: 0.5 } });
  await api("POST /v2/concurrency_limits/", { body: { name: "night-only", limit: 1, active: false } });
  await api("POST /concurrency_limits/", { body: { tag: "small-api", concurrency_limit: 1 } });
  const holder = run === null ? null : ({ type: "flow_run", id: run } as const);
  await api("POST /v2/concurrency_limits/increment-with-lease", {
    body: { names: ["database"], slots: 2, lease_duration: 3600, holder },
  });
  await api("POST /v2/concurrency_limits/increment", { body: { names: ["database"], slots: 1 } });
  await api("POST /v2/concurrency_limits/increment-with-lease", {
    body: { names: ["tag:small-api"], slots: 1, lease_duration: 3600, holder },
  });
  await api("POST /variables/", { body: { name: "batch_size", value: 500 } });
  await api("POST /variables/", { body: { name: "greeting", value: "Good morning", tags: ["eu", "texts"] } });
  await api("POST /variables/", { body: { name: "routes", value: { eu: ["paris", "oslo"], strict: true } } });
  const { type, schema } = await makeBlockType(api);
  const block = await api("POST /block_documents/", {
    body: { name: "eu", data: { host: "db.eu", password: "hush-hush" }, block_type_id: type, block_schema_id: schema },
  });
  return {
    ...{ table: "country-totals", notes: "release-notes", progress: "upload", picture: "week" },
    ...{ limit: "database", tag: "small-api", block: block.id, blockType: type, schema },
  };
}
