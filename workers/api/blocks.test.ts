/** Variables and blocks over the API, inside the Workers runtime. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { shardOf } from "../../durable-objects/env.ts";
import { EventHub } from "../../durable-objects/event-hub/event-hub.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const call = (route: string, body?: unknown, token = a.key) => ask(route, { token, body });

describe("variables", () => {
  test("[AP61] are made, read by name and by id, listed, counted, changed and deleted", async () => {
    const { status, body: made } = await call("POST /variables/", { name: "v1", value: { a: 1 }, tags: ["t"] });
    expect(status).toBe(201);
    expect(made).toMatchObject({ name: "v1", value: { a: 1 }, tags: ["t"] });
    expect((await call("GET /variables/name/v1")).body).toEqual(made);
    expect((await call(`GET /variables/${made.id}`)).body).toEqual(made);
    await call("POST /variables/", { name: "v2", value: null });
    const names = async (filter: object) =>
      (await call("POST /variables/filter", filter)).body.map(({ name }: { name: string }) => name);
    expect(await names({})).toEqual(["v1", "v2"]);
    expect(await names({ sort: "NAME_DESC" })).toEqual(["v2", "v1"]);
    expect(await names({ variables: { tags: { all_: ["t"] } } })).toEqual(["v1"]);
    expect(await names({ variables: { name: { like_: "2" } } })).toEqual(["v2"]);
    expect((await call("POST /variables/count", { variables: { id: { any_: [made.id] } } })).body).toBe(1);
    expect((await call("PATCH /variables/name/v1", { value: 2, tags: [] })).status).toBe(204);
    expect((await call("GET /variables/name/v1")).body).toMatchObject({ id: made.id, value: 2, tags: [] });
    expect((await call(`PATCH /variables/${made.id}`, { value: null })).status).toBe(204);
    expect((await call("GET /variables/name/v1")).body.value).toBe(null);
    expect((await call(`PATCH /variables/${made.id}`, { name: "v2" })).status).toBe(409);
    expect((await call("POST /variables/", { name: "v1", value: 1 })).status).toBe(409);
    expect((await call("DELETE /variables/name/v1")).status).toBe(204);
    expect((await call("DELETE /variables/name/v1")).status).toBe(404);
    expect((await call(`GET /variables/${made.id}`)).status).toBe(404);
  });

  test.each([
    ["capitals in a name", { name: "V", value: 1 }, "name"],
    ["no name", { value: 1 }, "name"],
    ["no value", { name: "v" }, "value"],
    ["a value beyond 5,000 characters", { name: "v", value: "x".repeat(5000) }, "value"],
    ["a field that there is not", { name: "v", value: 1, nope: 1 }, "nope"],
  ])("[AP1] [AP61] %s is refused with the field's name", async (_case, body, field) => {
    const answer = await call("POST /variables/", body);
    expect([answer.status, answer.body.exception_detail?.[0].loc]).toEqual([422, ["body", field]]);
    expect((await call("POST /variables/count", {})).body).toBe(0);
  });
});

const FIELDS = {
  title: "Login",
  type: "object",
  properties: { user: { type: "string" }, password: { type: "string", format: "password" }, ratio: { default: 1.5 } },
  secret_fields: ["password", "nested.*"],
  block_type_slug: "login",
};

/** A type with a schema. */
async function makeType(slug = "login", fields: object = FIELDS) {
  const type = (await call("POST /block_types/", { name: slug, slug })).body;
  const schema = (
    await call("POST /block_schemas/", { fields, block_type_id: type.id, capabilities: ["read", "write"] })
  ).body;
  return { type, schema, ids: { block_type_id: type.id, block_schema_id: schema.id } };
}

describe("block types that a workspace is born with", () => {
  test("[AP62] are installed once, with their schemas, and those that programs rely on stay", async () => {
    expect(await call("POST /block_types/install_system_block_types")).toMatchObject({ status: 200, body: null });
    const listed = async (): Promise<{ id: string; slug: string; is_protected: boolean; description: string }[]> =>
      (await call("POST /block_types/filter", {})).body;
    const types = await listed();
    expect(types.filter((type) => type.is_protected).map(({ slug }) => slug)).toEqual([
      "local-file-system",
      "secret",
      "webhook",
    ]);
    expect(types.length).toBeGreaterThan(10);
    await call("POST /block_types/install_system_block_types");
    expect(await listed()).toEqual(types);
    const schemas = (await call("POST /block_schemas/filter", {})).body as { block_type: { slug: string } }[];
    expect(schemas.map(({ block_type }) => block_type.slug).sort()).toEqual(types.map(({ slug }) => slug).sort());
    const secret = types.find(({ slug }) => slug === "secret");
    expect(await call(`DELETE /block_types/${secret?.id}`)).toMatchObject({ status: 403 });
    expect((await call("GET /block_types/slug/secret")).body).toEqual(secret);
  });

  test("[AP146] come to a workspace that was made before there were any, by its first question about them, and once", async () => {
    const checksum = "sha256:c078ed9c1e813e224c0b353d7ad4564a11d51d3198d9ac0686478165a1911c78";
    const schema = (await call(`GET /block_schemas/checksum/${checksum}?version=3.9.1`)).body;
    expect(schema.block_type.slug).toBe("secret");
    const types = (await call("POST /block_types/filter", {})).body as { id: string; slug: string }[];
    expect(types.map(({ slug }) => slug)).toContain("webhook");
    // What somebody deletes does not come back.
    const other = types.find(({ slug }) => slug === "remote-file-system");
    expect((await call(`DELETE /block_types/${other?.id}`)).status).toBe(204);
    const after = (await call("POST /block_types/filter", {})).body as { id: string }[];
    expect(after).toEqual(types.filter(({ id }) => id !== other?.id));
    expect((await call("GET /block_types/slug/remote-file-system")).status).toBe(404);
  });

  test("[AP62] [AP63] a secret is kept by the schema that Prefect's class has", async () => {
    await call("POST /block_types/install_system_block_types");
    const type = (await call("GET /block_types/slug/secret")).body;
    const checksum = "sha256:c078ed9c1e813e224c0b353d7ad4564a11d51d3198d9ac0686478165a1911c78";
    const schema = (await call(`GET /block_schemas/checksum/${checksum}?version=3.9.1`)).body;
    expect(schema.block_type).toEqual(type);
    const ids = { block_type_id: type.id, block_schema_id: schema.id };
    const { id } = (await call("POST /block_documents/", { name: "s", data: { value: "hush" }, ...ids })).body;
    expect((await call(`GET /block_documents/${id}`)).body.data.value).toBe("********");
    expect((await call(`GET /block_documents/${id}?include_secrets=true`)).body.data.value).toBe("hush");
  });

  test("[AP62] a workspace has them from its birth", async () => {
    const account = `/accounts/${a.account}`;
    const { id } = (await call(`POST ${account}/workspaces/`, { name: "Born", handle: "born" })).body;
    const { body } = await call(`POST ${account}/workspaces/${id}/block_types/filter`, {});
    expect(body.map(({ slug }: { slug: string }) => slug)).toContain("secret");
  });
});

describe("block types and schemas", () => {
  test("[AP62] a type is made once, read by slug and id, changed, listed, and deleted with all that is made after it", async () => {
    const { type, schema, ids } = await makeType();
    expect(type).toMatchObject({ name: "login", slug: "login", logo_url: null, is_protected: false });
    expect((await call("POST /block_types/", { name: "x", slug: "login" })).status).toBe(409);
    expect((await call("POST /block_types/", { name: "Prefect x", slug: "x" })).status).toBe(403);
    expect((await call("GET /block_types/slug/login")).body).toEqual(type);
    expect((await call(`PATCH /block_types/${type.id}`, { description: "d" })).status).toBe(204);
    expect((await call(`GET /block_types/${type.id}`)).body).toMatchObject({ description: "d", logo_url: null });
    await call("POST /block_types/", { name: "other", slug: "other" });
    const slugs = async (body: object) =>
      (await call("POST /block_types/filter", body)).body.map(({ slug }: { slug: string }) => slug);
    expect(await slugs({})).toEqual(expect.arrayContaining(["login", "other"]));
    expect(await slugs({ block_types: { slug: { any_: ["other"] } } })).toEqual(["other"]);
    expect(await slugs({ block_schemas: { block_capabilities: { all_: ["read", "write"] } } })).toEqual(["login"]);
    const document = (await call("POST /block_documents/", { name: "mine", ...ids })).body;
    expect((await call(`DELETE /block_types/${type.id}`)).status).toBe(204);
    for (const path of [`block_types/${type.id}`, `block_schemas/${schema.id}`, `block_documents/${document.id}`])
      expect((await call(`GET /${path}`)).status).toBe(404);
  });

  test("[AP62] a schema is found by the checksum that the client makes, and is made once", async () => {
    const { type, schema } = await makeType();
    expect(schema).toMatchObject({
      version: "non-versioned",
      capabilities: ["read", "write"],
      block_type: { slug: "login" },
    });
    expect(schema.fields).toEqual({ ...FIELDS, block_schema_references: {} });
    const again = await call("POST /block_schemas/", { fields: FIELDS, block_type_id: type.id });
    expect([again.status, again.body]).toEqual([200, schema]);
    expect((await call(`GET /block_schemas/checksum/${schema.checksum}`)).body).toEqual(schema);
    expect((await call(`GET /block_schemas/checksum/${schema.checksum}?version=2`)).status).toBe(404);
    expect(
      (await call("POST /block_schemas/filter", { block_schemas: { version: { any_: ["non-versioned"] } } })).body,
    ).toEqual([schema]);
    expect((await call("GET /block_capabilities/")).body).toEqual(expect.arrayContaining(["read", "write"]));
    expect((await call(`DELETE /block_schemas/${schema.id}`)).status).toBe(204);
    expect((await call(`DELETE /block_schemas/${schema.id}`)).status).toBe(404);
  });

  test("[AP62] a number that was written as 1.0 is not 1: its checksum is Prefect's", async () => {
    const { type } = await makeType("my");
    const fields =
      '{"block_schema_references": {}, "block_type_slug": "my", "properties": {"x": {"default": 1.0, "title": "X", "type": "number", "position": 0}}, "secret_fields": [], "title": "My", "type": "object"}';
    const body = `{"fields": ${fields}, "block_type_id": "${type.id}"}`;
    expect((await call("POST /block_schemas/", body)).body.checksum).toBe(
      "sha256:47700691468b158899e3966122feb3de8a569617aa6f646236a5758d99ae5e00",
    );
  });

  test("[AP62] a schema of blocks that are not there is refused", async () => {
    const { type } = await makeType();
    const fields = { block_schema_references: { nested: { block_type_slug: "nobody", block_schema_checksum: "x" } } };
    expect((await call("POST /block_schemas/", { fields, block_type_id: type.id })).status).toBe(409);
    expect((await call("POST /block_schemas/", { fields: {}, block_type_id: crypto.randomUUID() })).status).toBe(404);
  });
});

describe("block documents", () => {
  const SECRET = { user: "ada.lovelace", password: "s3cr3t-word", nested: { token: "t0k3n" } };
  const HIDDEN = { user: "ada.lovelace", password: "********", nested: { token: "********" } };

  test("[AP63] secrets are shown only where they are asked for, with the scope for it, and lie sealed", async () => {
    const { ids, type, schema } = await makeType();
    const made = await call("POST /block_documents/", { name: "mine", data: SECRET, ...ids });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      ...{ name: "mine", data: HIDDEN, block_type_name: "login", is_anonymous: false },
      ...{ block_schema: schema, block_type: type, block_document_references: {} },
    });
    const { id } = made.body;
    const paths = [
      `GET /block_documents/${id}`,
      "GET /block_types/slug/login/block_documents/name/mine",
      "GET /block_types/slug/login/block_documents",
    ];
    const reader = await makeTenant({ scopes: ["see_blocks"] });
    for (const path of paths) {
      const data = async (query = "") => [(await call(path + query)).body].flat()[0].data;
      expect(await data()).toEqual(HIDDEN);
      expect(await data("?include_secrets=true")).toEqual(SECRET);
      const refused = await call(`${path}?include_secrets=true`, undefined, reader.key);
      expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining("read_secrets")]);
    }
    const list = async (body: object, token?: string) => call("POST /block_documents/filter", body, token);
    expect((await list({})).body[0].data).toEqual(HIDDEN);
    expect((await list({ include_secrets: true })).body[0].data).toEqual(SECRET);
    expect((await list({ include_secrets: true }, reader.key)).status).toBe(403);
    const row = await shardOf(testEnv, a.shard)
      .prepare("SELECT * FROM block_documents WHERE workspace_id = ?1")
      .bind(a.workspace)
      .first();
    for (const word of ["ada.lovelace", "s3cr3t-word", "t0k3n"]) expect(JSON.stringify(row)).not.toContain(word);
  });

  test("[AP63] nothing secret is told in an event or written to a log", async () => {
    const { ids } = await makeType();
    const announced = vi.spyOn(EventHub.prototype, "announce");
    const logged = (["log", "error", "warn", "info", "debug"] as const).map((kind) => vi.spyOn(console, kind));
    const made = await call("POST /block_documents/", { name: "mine", data: SECRET, ...ids });
    await call(`PATCH /block_documents/${made.body.id}`, { data: { password: "s3cr3t-word-2" } });
    await call("POST /block_documents/", { name: "mine", data: SECRET, ...ids });
    await call("POST /block_documents/", { name: "Mine", data: SECRET, ...ids });
    await call(`DELETE /block_documents/${made.body.id}`);
    const told = () => announced.mock.calls.map(([, packed]) => packed).join("");
    await vi.waitFor(() => expect(told()).toContain("prefect.block-document.deleted"));
    expect(told()).toContain("ada.lovelace");
    expect(told()).not.toMatch(/s3cr3t-word|t0k3n/);
    for (const spy of logged) expect(JSON.stringify(spy.mock.calls)).not.toMatch(/s3cr3t-word|t0k3n/);
    vi.restoreAllMocks();
  });

  test("[AP63] a change is merged, and a secret that comes back as it was shown stays what it was", async () => {
    const { ids } = await makeType();
    const { id } = (await call("POST /block_documents/", { name: "mine", data: SECRET, ...ids })).body;
    const read = async () => (await call(`GET /block_documents/${id}?include_secrets=true`)).body.data;
    expect((await call(`PATCH /block_documents/${id}`, { data: { ...HIDDEN, user: "eve" } })).status).toBe(204);
    expect(await read()).toEqual({ ...SECRET, user: "eve" });
    await call(`PATCH /block_documents/${id}`, { data: { password: "new" } });
    expect(await read()).toEqual({ ...SECRET, user: "eve", password: "new" });
    await call(`PATCH /block_documents/${id}`, { data: { password: "********" }, merge_existing_data: false });
    expect(await read()).toEqual({ password: "new" });
  });

  test("[AP63] a document stands in for a field of another, and is shown in it", async () => {
    const { ids } = await makeType();
    const inner = (await call("POST /block_documents/", { name: "inner", data: SECRET, ...ids })).body;
    const outer = await makeType("outer", { title: "Outer", secret_fields: ["login.password"] });
    const reference = { $ref: { block_document_id: inner.id } };
    const made = await call("POST /block_documents/", {
      name: "outer",
      data: { x: 1, login: reference },
      ...outer.ids,
    });
    expect(made.body.data).toEqual({ x: 1, login: HIDDEN });
    expect(made.body.block_document_references).toMatchObject({
      login: { block_document: { id: inner.id, name: "inner", is_anonymous: false, block_document_references: {} } },
    });
    const path = `block_documents/${made.body.id}`;
    expect((await call(`GET /${path}?include_secrets=true`)).body.data).toEqual({ x: 1, login: SECRET });
    await call(`PATCH /${path}`, { data: { x: 2 } });
    expect((await call(`GET /${path}`)).body.data).toEqual({ x: 2, login: HIDDEN });
    const loop = await call(`PATCH /block_documents/${inner.id}`, {
      data: { user: { $ref: { block_document_id: made.body.id } } },
    });
    expect([loop.status, loop.body.exception_detail[0].loc]).toEqual([422, ["body", "data", "user"]]);
    await call(`PATCH /${path}`, { data: { login: "none" } });
    expect((await call(`GET /${path}`)).body).toMatchObject({
      data: { x: 2, login: "none" },
      block_document_references: {},
    });
  });

  test("[AP63] what is anonymous has no name to give, and is listed when asked for", async () => {
    const { ids } = await makeType();
    const made = await call("POST /block_documents/", { is_anonymous: true, ...ids });
    expect(made.body).toMatchObject({ is_anonymous: true, name: expect.stringContaining("anonymous-") });
    const count = async (body: object) => (await call("POST /block_documents/count", body)).body;
    expect(await count({})).toBe(0);
    expect(await count({ block_documents: {} })).toBe(0);
    expect(await count({ block_documents: { is_anonymous: null } })).toBe(1);
    expect(
      await count({ block_documents: { is_anonymous: { eq_: true } }, block_types: { slug: { any_: ["login"] } } }),
    ).toBe(1);
  });

  test.each([
    ["no name", {}, 422],
    ["capitals in a name", { name: "Mine" }, 422],
    ["a reference to nothing", { name: "x", data: { f: { $ref: { block_document_id: crypto.randomUUID() } } } }, 422],
    ["a reference without an id", { name: "x", data: { f: { $ref: {} } } }, 422],
    ["a schema that is not there", { name: "x", block_schema_id: crypto.randomUUID() }, 404],
  ])("[AP63] %s is refused, and nothing is stored", async (_case, fields, status) => {
    const { ids } = await makeType();
    expect((await call("POST /block_documents/", { ...ids, ...fields })).status).toBe(status);
    expect((await call("POST /block_documents/count", {})).body).toBe(0);
  });

  test("[AP2] [AP63] blocks and variables of one workspace are not another's, and cannot be referred to", async () => {
    const { ids } = await makeType();
    const { id } = (await call("POST /block_documents/", { name: "mine", data: SECRET, ...ids })).body;
    const b = await makeTenant();
    expect((await call(`GET /block_documents/${id}?include_secrets=true`, undefined, b.key)).status).toBe(404);
    expect((await call("GET /block_types/slug/login", undefined, b.key)).status).toBe(404);
    expect((await call("POST /block_documents/", { name: "theirs", ...ids }, b.key)).status).toBe(404);
    expect((await call("POST /block_documents/filter", {}, b.key)).body).toEqual([]);
    expect((await call(`DELETE /block_documents/${id}`, undefined, b.key)).status).toBe(404);
  });
});
