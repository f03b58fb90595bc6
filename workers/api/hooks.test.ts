import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { shardOf } from "../../durable-objects/env.ts";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { type Asked, ask, fetchWorker, makeTenant, ORIGIN, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const call = (route: string, body?: unknown, token = a.key): Promise<Asked> => ask(route, { token, body });
const UNKNOWN = "00000000-0000-4000-8000-000000000000";

const SCHEMA = {
  type: "object",
  properties: { order: { type: "integer" }, customer: { type: "string" } },
  required: ["order"],
};

async function deployed(): Promise<string> {
  const flow = (await call("POST /flows/", { name: "flow" })).body;
  const settings = {
    name: "orders",
    flow_id: flow.id,
    parameter_openapi_schema: SCHEMA,
    enforce_parameter_schema: true,
  };
  return (await call("POST /deployments/", settings)).body.id;
}

const TEMPLATE = '{"order": {{ body.order }}, "customer": "{{ body.customer }}"}';

async function hooked(more: Record<string, unknown> = {}) {
  const deployment = await deployed();
  const made = await call("POST /webhooks/", {
    name: "orders",
    template: TEMPLATE,
    deployment_id: deployment,
    ...more,
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
}

type Headers = Record<string, string>;
const SECRET = "whsec_YSBzZWNyZXQgb2Ygc29tZSBsZW5ndGg=";
const now = () => Math.floor(Date.now() / 1000);
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text);

const standard = (body: string, { id = "msg_1", at = now(), secret = SECRET } = {}): Headers => ({
  "webhook-id": id,
  "webhook-timestamp": String(at),
  "webhook-signature": `v1,${hmac(Buffer.from(secret.slice(6), "base64"), `${id}.${at}.${body}`).digest("base64")}`,
});
const github = (body: string, id = "g-1"): Headers => ({
  "X-GitHub-Delivery": id,
  "X-HUB-Signature-256": `sha256=${hmac("hush", body).digest("hex")}`,
});
const signed = (type: string, secret = SECRET) => ({ verification: { type, secrets: [secret] } });

async function deliver(slug: string, body: string, headers: Headers = {}): Promise<Asked> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const response = await fetchWorker(new Request(`${ORIGIN}/hooks/${slug}`, init));
  return { status: response.status, body: await response.json(), headers: response.headers };
}
const deliveries = async (id: string, body: unknown = {}) =>
  (await call(`POST /webhooks/${id}/deliveries/filter`, body)).body;
const runs = async (): Promise<{ id: string; parameters: unknown }[]> =>
  (await call("POST /flow_runs/filter", {})).body;

describe("deliveries", () => {
  test("[AP115] one that holds begins a run with the parameters that the template makes", async () => {
    const hook = await hooked(signed("standard"));
    const body = '{"order": 7, "customer": "Ada \\"the\\" one"}';
    const answer = await deliver(hook.slug, body, standard(body));
    expect(answer).toMatchObject({ status: 201, body: { verdict: "ACCEPTED" } });
    const all = await runs();
    expect(all).toMatchObject([{ id: answer.body.flow_run_id, parameters: { order: 7, customer: 'Ada "the" one' } }]);
    expect(await deliveries(hook.id)).toMatchObject([
      {
        id: answer.body.id,
        verdict: "ACCEPTED",
        reason: null,
        delivery_id: "msg_1",
        flow_run_id: all[0]?.id,
        status: 201,
      },
    ]);
  });

  test("[AP115] an event is begun once, however often and however much at once it comes", async () => {
    const hook = await hooked(signed("standard"));
    const body = '{"order": 7}';
    const first = now() - 20;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => deliver(hook.slug, body, standard(body, { at: first + at }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ body: { flow_run_id: run } }) => run)).size).toBe(1);
    expect(await runs()).toHaveLength(1);
    expect((await deliver(hook.slug, body, standard(body, { id: "msg_2" }))).status).toBe(201);
    expect(await runs()).toHaveLength(2);
  });

  test("[AP114] [S33] a signature is used up, ages, and holds for its own body, id and webhook", async () => {
    const hook = await hooked(signed("standard"));
    const other = await hooked({ ...signed("standard"), deployment_id: null });
    const body = '{"order": 7}';
    const fresh = standard(body);
    expect((await deliver(hook.slug, body, fresh)).status).toBe(201);
    const tries: [string, string, Headers][] = [
      ["replayed", body, fresh],
      ["another body", '{"order": 8}', standard(body)],
      ["another id", body, { ...standard(body), "webhook-id": "msg_3" }],
      ["too old", body, standard(body, { id: "msg_4", at: now() - 301 })],
      ["of the future", body, standard(body, { id: "msg_5", at: now() + 310 })],
      ["another secret", body, standard(body, { secret: "whsec_YW5vdGhlcg==" })],
      ["none", body, {}],
    ];
    for (const [what, sent, headers] of tries) expect((await deliver(hook.slug, sent, headers)).status, what).toBe(401);
    expect(await runs()).toHaveLength(1);
    const said = (await deliveries(hook.id, { verdict: ["REFUSED"] })) as { reason: string }[];
    expect(
      said
        .map(({ reason }) => reason)
        .filter((reason) => /came before|does not hold|five minutes|missing/.test(reason)),
    ).toHaveLength(tries.length);
    // What one webhook took says nothing of another.
    expect((await deliver(other.slug, body, fresh)).status).toBe(200);
  });

  test("[AP114] a used signature stays refused until it is too old to hold anyway", async () => {
    const hook = await hooked(signed("standard"));
    const body = '{"order": 7}';
    const fresh = standard(body);
    await deliver(hook.slug, body, fresh);
    laterBy(299);
    expect((await deliver(hook.slug, body, fresh)).status).toBe(401);
    laterBy(10);
    expect((await deliver(hook.slug, body, fresh)).status).toBe(401);
    expect(await runs()).toHaveLength(1);
  });

  test("[AP115] GitHub's redelivery is known; its signature under another id is a replay", async () => {
    const hook = await hooked(signed("github", "hush"));
    const body = '{"order": 7}';
    expect((await deliver(hook.slug, body, github(body))).status).toBe(201);
    expect(await deliver(hook.slug, body, github(body))).toMatchObject({ status: 200, body: { verdict: "DUPLICATE" } });
    expect((await deliver(hook.slug, body, github(body, "g-2"))).status).toBe(401);
    expect(await runs()).toHaveLength(1);
  });

  test("[AP115] Slack's question is answered, its events and Stripe's are known by the id in the body", async () => {
    const slack = await hooked(signed("slack", "hush"));
    const ofSlack = (body: string, at: number) => ({
      "x-slack-request-timestamp": String(at),
      "x-slack-signature": `v0=${hmac("hush", `v0:${at}:${body}`).digest("hex")}`,
    });
    const question = '{"type": "url_verification", "challenge": "c"}';
    expect((await deliver(slack.slug, question, ofSlack(question, now()))).body).toEqual({ challenge: "c" });
    expect((await deliver(slack.slug, question, ofSlack("x", now()))).status).toBe(401);
    const event = '{"event_id": "Ev1", "order": 1}';
    expect((await deliver(slack.slug, event, ofSlack(event, now() - 2))).status).toBe(201);
    expect((await deliver(slack.slug, event, ofSlack(event, now() - 1))).status).toBe(200);
    const stripe = await hooked(signed("stripe", "hush"));
    const ofStripe = (body: string, at: number) => ({
      "stripe-signature": `t=${at},v1=${hmac("hush", `${at}.${body}`).digest("hex")}`,
    });
    const charge = '{"id": "evt_1", "order": 1}';
    expect((await deliver(stripe.slug, charge, ofStripe(charge, now() - 2))).status).toBe(201);
    expect((await deliver(stripe.slug, charge, ofStripe(charge, now() - 1))).status).toBe(200);
  });

  test("[AP116] what does not fit the deployment answers 422, is on record, and may come again once it fits", async () => {
    const hook = await hooked(signed("standard"));
    for (const [id, body, reason] of [
      ["a", '{"order": "seven"}', /order/],
      ["b", '{"customer": "x"}', /order/],
      ["c", "{", /JSON/],
      ["d", `${"[".repeat(100)}${"]".repeat(100)}`, /64 deep/],
    ] as const) {
      const answer = await deliver(hook.slug, body, standard(body, { id }));
      expect(answer.status).toBe(422);
      expect(answer.body.exception_detail[0]).toMatchObject({ msg: expect.stringMatching(reason) });
      expect(answer.body.exception_detail[0].loc[0]).toBe("body");
      expect((await deliveries(hook.id))[0]).toMatchObject({
        verdict: "INVALID",
        reason: expect.stringMatching(reason),
        status: 422,
        flow_run_id: null,
      });
    }
    expect(await runs()).toEqual([]);
    const body = '{"order": "seven"}';
    await call(`PATCH /deployments/${hook.deployment_id}`, { enforce_parameter_schema: false });
    expect((await deliver(hook.slug, body, standard(body, { id: "a" }))).status).toBe(201);
  });

  test("[AP116] a deployment that is gone is told, and a webhook without one takes what comes", async () => {
    const hook = await hooked();
    await call(`DELETE /deployments/${hook.deployment_id}`);
    expect((await deliver(hook.slug, '{"order": 1}')).status).toBe(404);
    expect((await deliveries(hook.id))[0]).toMatchObject({ verdict: "INVALID", status: 404 });
    const silent = (await call("POST /webhooks/", { name: "silent", template: "{% any %}" })).body;
    expect(await deliver(silent.slug, "not read")).toMatchObject({ status: 422 });
    expect(await deliver(silent.slug, "{}")).toMatchObject({
      status: 200,
      body: { verdict: "ACCEPTED", flow_run_id: null },
    });
  });

  test("[AP116] the newest hundred are kept, and refusals beyond a few a minute write nothing", async () => {
    const hook = await hooked(signed("bearer", "open sesame"));
    for (let at = 0; at < 30; at++) expect((await deliver(hook.slug, "{}")).status).toBe(401);
    await vi.waitFor(async () => expect(await deliveries(hook.id)).toHaveLength(20));
    const bearer = { authorization: "Bearer open sesame" };
    const at = (order: number) => deliver(hook.slug, `{"order": ${order}}`, bearer);
    for (let order = 0; order < 100; order += 20)
      await Promise.all(Array.from({ length: 20 }, (_, one) => at(order + one)));
    const kept = await deliveries(hook.id);
    expect(kept).toHaveLength(100);
    expect(kept.every(({ verdict }: { verdict: string }) => verdict === "ACCEPTED")).toBe(true);
    expect(await deliveries(hook.id, { limit: 3, offset: 1 })).toEqual(kept.slice(1, 4));
  });

  test("[AP116] [S55] who sends too much is told when to come again", async () => {
    const hook = await hooked(signed("bearer", "open sesame"));
    const answers = await Promise.all(Array.from({ length: 601 }, () => deliver(hook.slug, "{}")));
    const late = answers.filter(({ status }) => status === 429);
    expect(late).toHaveLength(1);
    expect(Number(late[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("[AP114] templates see no header that lets somebody in", async () => {
    const template =
      '{"order": 1, "customer": "{{ headers.authorization }}{{ headers.cookie }}/{{ headers[\'x-own\'] }}"}';
    const hook = await hooked({ template, ...signed("bearer", "open sesame") });
    await deliver(hook.slug, "{}", { authorization: "Bearer open sesame", cookie: "secret=1", "X-Own": "seen" });
    expect(await runs()).toMatchObject([{ parameters: { customer: "/seen" } }]);
  });

  test("[AP114] a webhook of a service account takes its key, and nobody else's", async () => {
    const bot = await makeTenant({ account: a.account, type: "service_account" });
    const directory = testEnv.DIRECTORY.prepare("INSERT INTO workspace_access VALUES (?1, ?2, '[\"*\"]')");
    await directory.bind(bot.actorId, a.workspace).run();
    const hook = await hooked({ service_account_id: bot.actorId });
    for (const headers of [{}, { authorization: `Bearer ${a.key}` }, { authorization: "Bearer x" }] as Headers[])
      expect((await deliver(hook.slug, '{"order": 1}', headers)).status).toBe(401);
    expect((await deliver(hook.slug, '{"order": 1}', { authorization: `Bearer ${bot.key}` })).status).toBe(201);
    expect((await call(`GET /webhooks/${hook.id}`)).body.service_account).toMatchObject({
      ...{ actor_id: bot.actorId, account_id: a.account },
      api_key: { id: bot.keyId, hash: "********" },
    });
    expect(JSON.stringify((await call("POST /webhooks/filter", {})).body)).not.toContain(bot.key.slice(-40));
  });
});

describe("webhooks", () => {
  test("[AP112] are made, read, listed, changed and deleted as the cloud's are", async () => {
    const made = (await call("POST /webhooks/", { name: "b", template: "{}" })).body;
    expect(made).toMatchObject({
      ...{ name: "b", description: "", enabled: true, service_account_id: null, template: "{}" },
      ...{ account: a.account, workspace: a.workspace, deployment_id: null, verification: null },
    });
    expect(made.slug).toMatch(/^[0-9a-z]{41}$/);
    const read = (await call(`GET /webhooks/${made.id}`)).body;
    expect(read).toEqual({ ...made, service_account: null });
    const { id: second } = (await call("POST /webhooks/", { name: "a", template: "{}" })).body;
    const list = async (body: unknown) =>
      (await call("POST /webhooks/filter", body)).body.map(({ name }: { name: string }) => name);
    expect(await list({})).toEqual(["a", "b"]);
    expect(await list({ sort: "NAME_DESC", limit: 1 })).toEqual(["b"]);
    expect(await list({ sort: "CREATED_ASC", offset: 1 })).toEqual(["a"]);
    expect(await list({ sort: "KEY_EXPIRATION_DESC" })).toHaveLength(2);
    expect((await call(`PUT /webhooks/${second}`, { name: "c", template: "[]", description: "d" })).status).toBe(204);
    expect((await call(`GET /webhooks/${second}`)).body).toMatchObject({ name: "c", template: "[]", description: "d" });
    expect((await call(`DELETE /webhooks/${second}`)).status).toBe(204);
    expect((await call(`GET /webhooks/${second}`)).status).toBe(404);
    expect((await call(`GET /webhooks/${UNKNOWN}`)).status).toBe(404);
  });

  test("[AP112] an address that was rotated, turned off, deleted or made up takes nothing, and looks the same", async () => {
    const hook = await hooked();
    const { slug } = (await call(`POST /webhooks/${hook.id}/rotate`)).body;
    const send = (to: string) => deliver(to, '{"order": 1}');
    const unknown = await send("x".repeat(41));
    expect(unknown.status).toBe(404);
    expect(await send(hook.slug)).toMatchObject({ status: 404, body: unknown.body });
    expect((await send(slug)).status).toBe(201);
    await call(`PATCH /webhooks/${hook.id}`, { enabled: false });
    expect(await send(slug)).toMatchObject({ status: 404, body: unknown.body });
    await call(`PATCH /webhooks/${hook.id}`, { enabled: true });
    expect((await send(slug)).status).toBe(201);
    await call(`DELETE /webhooks/${hook.id}`);
    expect((await send(slug)).status).toBe(404);
  });

  test("[AP112] a made-up address asks no database", async () => {
    const asked = [0, 1].map((shard) => vi.spyOn(shardOf(testEnv, shard), "prepare"));
    expect((await deliver(`0${"a".repeat(40)}`, "{}")).status).toBe(404);
    for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  });

  test("[AP113] secrets lie sealed, are shown as stars, and stay where the stars come back or nothing is said", async () => {
    const hook = await hooked({ verification: { type: "github", secrets: ["hush", "old"] } });
    expect(hook.verification).toEqual({ type: "github", secrets: ["********", "********"] });
    const row = await shardOf(testEnv, a.shard).prepare("SELECT * FROM webhooks WHERE id = ?1").bind(hook.id).first();
    expect(JSON.stringify(row)).not.toContain("hush");
    const change = (verification?: unknown) =>
      call(`PUT /webhooks/${hook.id}`, { name: "orders", template: TEMPLATE, verification });
    const works = async (order: number) => {
      const body = `{"order": ${order}}`;
      return (await deliver(hook.slug, body, github(body))).status;
    };
    await change(undefined);
    expect(await works(1)).toBe(201);
    await change({ type: "github", secrets: ["********"] });
    expect(await works(2)).toBe(201);
    await change({ type: "github", secrets: ["another"] });
    expect(await works(3)).toBe(401);
    await change(null);
    expect((await deliver(hook.slug, '{"order": 4}')).status).toBe(201);
  });

  const deployment_id = UNKNOWN;
  test.each<[string, Record<string, unknown>, string]>([
    ["[AP113] an empty secret", signed("github", ""), "verification"],
    ["[AP113] a blank secret", signed("github", "  "), "verification"],
    ["[AP113] no secret", { verification: { type: "github", secrets: [] } }, "verification"],
    ["[AP113] an unknown sender", { verification: { type: "gitlab", secrets: ["x"] } }, "verification"],
    ["[AP113] no base64", signed("standard", "whsec_?"), "verification"],
    ["[AP113] a service account that is none", { service_account_id: UNKNOWN }, "service_account_id"],
    ["[AP113] an unknown deployment", { deployment_id }, "deployment_id"],
    ["[AP113] a template of 30,001 characters", { template: "x".repeat(30_001) }, "template"],
    ["[AP113] a field that is not there", { slug: "mine" }, "slug"],
  ])("%s is refused", async (_case, more, field) => {
    const answer = await call("POST /webhooks/", { name: "x", template: "{}", ...more });
    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc).toContain(field);
    expect((await call("POST /webhooks/filter", {})).body).toEqual([]);
  });

  test("[AP113] a template that cannot be read, and a deployment that the caller may not run, are refused", async () => {
    const deployment = await deployed();
    const template = '{"a": {{ body * 5 }}}';
    const bad = await call("POST /webhooks/", { name: "x", template, deployment_id: deployment });
    expect(bad).toMatchObject({
      status: 422,
      body: { exception_detail: [{ loc: ["body", "template"], msg: expect.stringContaining("line 1") }] },
    });
    const narrow = await makeTenant({ account: a.account, scopes: ["manage_webhooks"] });
    const body = { name: "x", template: "{}", deployment_id: deployment };
    expect((await call("POST /webhooks/", body, narrow.key)).status).toBe(403);
  });

  test("[AP112] those of another workspace do not exist", async () => {
    const hook = await hooked();
    const b = await makeTenant();
    for (const route of ["GET", "DELETE", "POST /rotate", "POST /deliveries/filter"].map((one) => one.split(" ")))
      expect((await call(`${route[0]} /webhooks/${hook.id}${route[1] ?? ""}`, undefined, b.key)).status).toBe(404);
    expect((await call("POST /webhooks/filter", {}, b.key)).body).toEqual([]);
  });
});
