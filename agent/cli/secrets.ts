/** Secrets: blocks of the type that Prefect calls `secret`, so that flows in Python read them as `Secret.load(name)`. */
import { ApiError, type Client } from "../sdk/api/connect.ts";
import { Problem } from "./problem.ts";

const SLUG = "secret";

/** The block of a name; null where there is none. */
export async function findSecret(api: Client, name: string) {
  try {
    return await api("GET /block_types/slug/{slug}/block_documents/name/{block_document_name}", {
      params: { slug: SLUG, block_document_name: name },
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export async function allSecrets(api: Client) {
  return await api("GET /block_types/slug/{slug}/block_documents", { params: { slug: SLUG } });
}

/** Keeps a value under a name; true where there was another. */
export async function setSecret(api: Client, name: string, value: string): Promise<boolean> {
  const known = await findSecret(api, name);
  if (known) {
    await api("PATCH /block_documents/{id}", { params: { id: known.id }, body: { data: { value } } });
    return true;
  }
  const type = await api("GET /block_types/slug/{slug}", { params: { slug: SLUG } });
  const block_schemas = { block_type_id: { any_: [type.id] } };
  const [schema] = await api("POST /block_schemas/filter", { body: { block_schemas, limit: 1 } });
  if (!schema) throw new Problem("This workspace has no schema of secrets.", { code: "not_found" });
  await api("POST /block_documents/", {
    body: { name, data: { value }, block_type_id: type.id, block_schema_id: schema.id },
  });
  return false;
}

export async function removeSecret(api: Client, name: string): Promise<void> {
  const known = await findSecret(api, name);
  if (!known) throw new Problem(`There is no secret "${name}".`, { code: "not_found" });
  await api("DELETE /block_documents/{id}", { params: { id: known.id } });
}
