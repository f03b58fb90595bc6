/** What every socket of the service owes: nobody in without a credential, and nobody to what is another's. */
import { randomUUID } from "node:crypto";
import { AGENT_CLOSE } from "@millrace/contract/channels/agent-protocol.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Socket } from "../support/socket.ts";
import { makeKey } from "../support/tenant.ts";
import { inventory, type Parties, type Party, startParties } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterAll(() => parties.server.stop());

interface Route {
  path: (party: Party) => string;
  subprotocol: string[];
}
const routes: [string, Route][] = [
  ["/events/in", { path: () => "/events/in", subprotocol: ["prefect"] }],
  ["/events/out", { path: () => "/events/out", subprotocol: ["prefect"] }],
  ["/logs/out", { path: () => "/logs/out", subprotocol: ["prefect"] }],
  ["/flow_runs/{id}/live", { path: (party) => `/flow_runs/${party.things.run}/live`, subprotocol: ["prefect"] }],
  [
    "/task_runs/subscriptions/scheduled",
    { path: () => "/task_runs/subscriptions/scheduled", subprotocol: ["prefect"] },
  ],
  [
    "/agents/connect",
    { path: (party) => `/agents/connect?pool=${party.things.pool}`, subprotocol: ["millrace.agent.v1"] },
  ],
];

const open = (route: Route, party: Party, subprotocol = route.subprotocol) =>
  Socket.open(party.apiUrl + route.path(party), subprotocol);

const REFUSED = [1002, 1008];

/** An event that would make a task run, were it let in. */
const taskRunEvent = (run: string, id = randomUUID()) => ({
  occurred: new Date().toISOString(),
  event: "prefect.task-run.Completed",
  id: randomUUID(),
  follows: null,
  resource: {
    "prefect.resource.id": `prefect.task-run.${id}`,
    "prefect.resource.name": "forged",
    "prefect.state-type": "COMPLETED",
    "prefect.state-name": "Completed",
    "prefect.state-timestamp": new Date().toISOString(),
    "prefect.orchestration": "client",
  },
  related: [{ "prefect.resource.id": `prefect.flow-run.${run}`, "prefect.resource.role": "flow-run" }],
  payload: {
    intended: { from: "RUNNING", to: "COMPLETED" },
    initial_state: { type: "RUNNING", name: "Running", message: "", state_details: {} },
    validated_state: { type: "COMPLETED", name: "Completed", message: "", state_details: {}, data: null },
    task_run: {
      name: "forged",
      task_key: "forged",
      dynamic_key: id,
      empirical_policy: {},
      tags: [],
      labels: {},
      task_inputs: {},
      run_count: 1,
    },
  },
});

describe.each(routes)("%s", (name, route) => {
  const firstFrames: [string, (parties: Parties) => string | Buffer | object][] = [
    ["a filter", () => ({ type: "filter", filter: {} })],
    ["an event", ({ a }) => taskRunEvent(a.things.run)],
    ["no JSON", () => "auth"],
    ["a list", () => [] as object],
    ["bytes", () => Buffer.from([0, 1, 2])],
    ["auth without a token", () => ({ type: "auth" })],
    ["auth with null", () => ({ type: "auth", token: null })],
    ["auth with a number", () => ({ type: "auth", token: 7 })],
    ["auth with an empty token", () => ({ type: "auth", token: "" })],
    ["auth with an unknown key", () => ({ type: "auth", token: "prefect_nobody" })],
    ["auth with B's key", ({ b }) => ({ type: "auth", token: b.key })],
    ["auth with a token of 1 MB", () => ({ type: "auth", token: "x".repeat(1 << 20) })],
  ];
  test.each(firstFrames)(
    `[S09] [TE7] ${name} that begins with %s is refused and stores nothing`,
    async (_what, frame) => {
      const before = await inventory(parties.a);
      const socket = await open(route, parties.a);
      socket.send(frame(parties));
      // What follows is sent at once, as an attacker would: it must not slip in behind.
      socket.send(taskRunEvent(parties.a.things.run));
      const { code, reason } = await socket.closed();
      expect(REFUSED).toContain(code);
      expect(reason).not.toBe("");
      expect(socket.unread().filter((one) => one.includes("auth_success"))).toEqual([]);
      expect(await inventory(parties.a)).toEqual(before);
    },
  );

  test(`[S09] [TE7] ${name} with a revoked key is refused`, async () => {
    const { a, server } = parties;
    const bot = await makeKey(server.local, a.workspaceId, `revoked-${randomUUID()}`);
    const url = `${a.shortUrl}/accounts/${a.accountId}/bots/${bot.botId}/delete_bot_api_key/${bot.keyId}`;
    const headers = { authorization: `Bearer ${server.local.api_key}` };
    expect((await fetch(url, { method: "DELETE", headers })).status).toBe(204);
    const refused = async () => {
      const socket = await open(route, a);
      socket.send({ type: "auth", token: bot.key });
      try {
        expect(REFUSED).toContain((await socket.closed(1000)).code);
      } finally {
        socket.end();
      }
    };
    await vi.waitFor(refused, { timeout: 30_000, interval: 500 });
  });

  test(`[S09] [TE7] ${name} without its subprotocol is refused`, async () => {
    const socket = await open(route, parties.a, []).catch((error: Error) => error);
    if (socket instanceof Error) {
      expect(socket.message).toMatch(/40\d/);
      return;
    }
    socket.send({ type: "auth", token: parties.a.key });
    expect(REFUSED).toContain((await socket.closed()).code);
  });

  test(`[S02] [TE7] ${name} under B's workspace refuses A's key`, async () => {
    const { a, b } = parties;
    const socket = await open(route, b);
    socket.send({ type: "auth", token: a.key });
    expect(REFUSED).toContain((await socket.closed()).code);
  });

  const tokens: [string, (party: Party) => string | Promise<string>][] = [
    ["its key", ({ key }) => key],
    ["its auth string", ({ authString }) => authString],
    ["a short token", shortToken],
  ];
  test.each(tokens)(`[TE8] ${name} lets a tenant in by %s`, async (_what, tokenOf) => {
    const { a } = parties;
    const socket = await open(route, a);
    expect(socket.protocol).toBe(route.subprotocol[0] ?? "");
    socket.send({ type: "auth", token: await tokenOf(a) });
    expect(JSON.parse(await socket.next())).toEqual({ type: "auth_success" });
    socket.end();
  });
});

describe.concurrent("time", () => {
  test.each(routes)("[AP16] [TE7] %s is closed within 30 seconds of its key's revocation", async (name, route) => {
    const { a, server } = parties;
    const bot = await makeKey(server.local, a.workspaceId, `open-${randomUUID()}`);
    const socket = await open(route, a);
    socket.send({ type: "auth", token: bot.key });
    expect(JSON.parse(await socket.next())).toEqual({ type: "auth_success" });
    // A socket that has said what it is for stays open until something is wrong with it.
    const purposes: Record<string, object> = {
      "/events/out": { type: "filter", filter: {} },
      "/logs/out": { type: "filter", filter: { flow_run_id: { any_: [a.things.run] } } },
      "/task_runs/subscriptions/scheduled": { type: "subscribe", keys: ["task"], client_id: "worker" },
      "/agents/connect": {
        type: "hello",
        v: 1,
        agent: { id: randomUUID(), name: "agent", version: "0.1.0" },
        slots: 1,
        running: [],
      },
    };
    const purpose = purposes[name];
    if (purpose !== undefined) socket.send(purpose);
    const url = `${a.shortUrl}/accounts/${a.accountId}/bots/${bot.botId}/delete_bot_api_key/${bot.keyId}`;
    const headers = { authorization: `Bearer ${server.local.api_key}` };
    expect((await fetch(url, { method: "DELETE", headers })).status).toBe(204);
    const { code, reason } = await socket.closed(40_000);
    expect([...REFUSED, AGENT_CLOSE.credential]).toContain(code);
    expect(reason).toMatch(/revoked/);
  });

  test.each(routes)("[S09] [TE7] %s that says nothing is closed", async (_name, route) => {
    const socket = await open(route, parties.a);
    expect(REFUSED).toContain((await socket.closed(30_000)).code);
  });
});

async function shortToken({ shortUrl, key }: Party): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${shortUrl}/auth/token`, { method: "POST", headers });
  return ((await response.json()) as { access_token: string }).access_token;
}

async function connect(party: Party, path: string, subprotocols = ["prefect"]): Promise<Socket> {
  const socket = await Socket.open(party.apiUrl + path, subprotocols);
  socket.send({ type: "auth", token: party.key });
  expect(JSON.parse(await socket.next())).toEqual({ type: "auth_success" });
  return socket;
}

describe("what is another's", () => {
  test("[S01] [TE3] the live socket of B's run answers A as for an unknown run", async () => {
    const { a, b } = parties;
    const answers = await Promise.all(
      [b.things.run, randomUUID()].map(async (id) => {
        const socket = await Socket.open(`${a.apiUrl}/flow_runs/${id}/live`, ["prefect"]);
        socket.send({ type: "auth", token: a.key });
        const { code, reason } = await socket.closed();
        return {
          code,
          reason: reason.replaceAll(id, "…"),
          frames: socket.unread().map((one) => one.replaceAll(id, "…")),
        };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  test("[S01] [TE3] an agent of A does not reach B's pool", async () => {
    const { a, b } = parties;
    const answers = await Promise.all(
      [b.things.pool, `nobody-${randomUUID()}`].map(async (pool) => {
        const socket = await Socket.open(`${a.apiUrl}/agents/connect?pool=${pool}`, ["millrace.agent.v1"]);
        socket.send({ type: "auth", token: a.key });
        const { code, reason } = await socket.closed();
        return { code, reason: reason.replaceAll(pool, "…") };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  test("[S11] [TE3] a subscription to B's run gets nothing of it", async () => {
    const { a, b } = parties;
    const socket = await connect(a, "/events/out");
    const ids = [b.things.run, a.things.run].map((id) => `prefect.flow-run.${id}`);
    socket.send({
      type: "filter",
      filter: { resource: { id: ids }, occurred: { since: new Date(Date.now() - 60_000).toISOString() } },
    });
    await socket.confirm();
    const running = { state: { type: "RUNNING" as const } };
    await b.client("POST /flow_runs/{id}/set_state", { params: { id: b.things.run }, body: running });
    await a.client("POST /flow_runs/{id}/set_state", { params: { id: a.things.run }, body: running });
    const frames: string[] = [];
    // A's own event comes last, so whatever of B's would come is there by then.
    while (!frames.some((one) => one.includes("prefect.flow-run.Running"))) frames.push(await socket.next());
    expect(frames.join()).not.toContain(b.things.run);
    socket.end();
  });

  test("[S11] [TE3] the log of B's run is not sent to A", async () => {
    const { a, b } = parties;
    const socket = await connect(a, "/logs/out");
    socket.send({ type: "filter", filter: { flow_run_id: { any_: [b.things.run, a.things.run] } } });
    expect(await socket.next()).toContain(a.things.log);
    const line = (run: string, message: string) => [
      { name: "test", level: 20, message, timestamp: new Date().toISOString(), flow_run_id: run },
    ];
    await b.client("POST /logs/", { body: line(b.things.run, "of B") });
    await a.client("POST /logs/", { body: line(a.things.run, "of A") });
    const frames = [await socket.next()];
    expect(frames.join()).toContain("of A");
    expect([...frames, ...socket.unread()].join()).not.toContain("of B");
    socket.end();
  });

  test("[TE9] an event for a run of B makes nothing, at A or at B", async () => {
    const { a, b } = parties;
    const before = await inventory(b);
    const socket = await connect(a, "/events/in");
    const [forged, own] = [taskRunEvent(b.things.run), taskRunEvent(a.things.run)];
    socket.send(forged);
    socket.send(own);
    await socket.confirm();
    socket.end();
    const list = (run: string) =>
      a.client("POST /task_runs/filter", { body: { task_runs: { flow_run_id: { any_: [run] } } } });
    await vi.waitFor(async () => expect((await list(a.things.run)).map((one) => one.name)).toContain("forged"), 5000);
    expect(await list(b.things.run)).toEqual([]);
    expect(await inventory(b)).toEqual(before);
  });
});
