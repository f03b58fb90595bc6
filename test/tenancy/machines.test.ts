/** What a machine with a credential of its own could try: agents and runs among themselves, floods, code, and what is kept of secrets. */
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentFrame, type ServerAssign } from "@millrace/contract/channels/agent.ts";
import { type Client, createClient } from "@millrace/contract/client.ts";
import { endpoints } from "@millrace/contract/endpoints.ts";
import { RUN_TOKEN_SCOPES } from "@millrace/contract/scopes.ts";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Socket } from "../support/socket.ts";
import { makeKey } from "../support/tenant.ts";
import { ask, inventory, type Parties, paramsOf, push, startParties, urlOf } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterEach(async () => {
  expect((await fetch(`${parties.a.shortUrl}/health`)).status).toBe(200);
});
afterAll(() => parties.server.stop());

/** An agent of A's pool, which says what it is told to say. */
class Agent {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(pool: string, slots = 8): Promise<Agent> {
    const { apiUrl, key } = parties.a;
    const agent = new Agent(await Socket.open(`${apiUrl}/agents/connect?pool=${pool}`, ["millrace.agent.v1"]));
    agent.say({ type: "auth", token: key });
    await agent.frame("auth_success");
    const name = { id: randomUUID(), name: "agent", version: "0.1.0" };
    agent.say({ type: "hello", v: 1, agent: name, slots, running: [] });
    await agent.frame("welcome");
    return agent;
  }

  say(frame: object): void {
    this.#socket.send(AgentFrame.parse(frame));
  }

  /** The next frame of the type; others are passed over. */
  async frame<T extends { type: string }>(type: T["type"]): Promise<T> {
    for (;;) {
      const frame = JSON.parse(await this.#socket.next()) as T;
      if (frame.type === type) return frame;
    }
  }

  /** Resolves when the pool has taken in what was said before: it answers an acceptance of nothing in its turn. */
  async takenIn(): Promise<void> {
    const run_id = randomUUID();
    this.say({ type: "accept", run_id, generation: 1 });
    while ((await this.frame<{ type: "lost"; run_id: string }>("lost")).run_id !== run_id);
  }

  end(): void {
    this.#socket.end();
  }
}

describe("[S16] [S47] a run, its agent and its token", () => {
  let pool: string;
  let agent: Agent;
  let assigned: ServerAssign;
  let other: ServerAssign;
  let asRun: Client;
  const begin = async (deployment: string): Promise<ServerAssign> => {
    await parties.a.client("POST /deployments/{id}/create_flow_run", { params: { id: deployment }, body: {} });
    return agent.frame<ServerAssign>("assign");
  };
  const stateOf = async (id: string) => (await parties.a.client("GET /flow_runs/{id}", { params: { id } })).state_type;

  beforeAll(async () => {
    const { client, things, apiUrl } = parties.a;
    pool = `attacked-${randomUUID()}`;
    await client("POST /work_pools/", { body: { name: pool, type: "process" } });
    const body = { name: pool, flow_id: things.flow, work_pool_name: pool, entrypoint: "f.py:f" };
    const { id } = await client("POST /deployments/", { body });
    agent = await Agent.connect(pool);
    assigned = await begin(id);
    other = await begin(id);
    for (const { run_id, generation } of [assigned, other]) agent.say({ type: "accept", run_id, generation });
    await agent.takenIn();
    asRun = createClient({ baseUrl: apiUrl, token: assigned.token });
  });
  afterAll(() => agent?.end());

  const beyond = endpoints.filter(
    ({ scope, base }) =>
      base !== "account" &&
      !["public", "any credential"].includes(scope) &&
      !(RUN_TOKEN_SCOPES as readonly string[]).includes(scope),
  );
  test.each(beyond.map((row) => [`${row.method} ${row.path}`, row] as const))(
    "[S16] a run's token may not %s",
    async (_name, row) => {
      const body = row.body === undefined && row.bytes === undefined ? {} : { body: row.bytes ? "x" : "{}" };
      const url = urlOf(row, parties.a, paramsOf(row, parties.a));
      expect((await ask(row.method, url, { token: assigned.token, ...body })).status).toBe(403);
    },
  );

  test("[S16] a run's token opens no agent's line, nor does a key that may not", async () => {
    const { a, server } = parties;
    const bot = await makeKey(server.local, a.workspaceId, `reader-${randomUUID()}`, ["see_flows", "see_work_pools"]);
    for (const token of [assigned.token, bot.key]) {
      const socket = await Socket.open(`${a.apiUrl}/agents/connect?pool=${pool}`, ["millrace.agent.v1"]);
      socket.send({ type: "auth", token });
      expect(await socket.closed()).toMatchObject({ code: 1002, reason: expect.stringContaining("write_workers") });
    }
  });

  test("[S47] a run's token changes no run but its own", async () => {
    const { run_id: id } = other;
    const line = { name: "x", level: 20, message: "planted", timestamp: new Date().toISOString(), flow_run_id: id };
    const tries = [
      asRun("POST /flow_runs/{id}/set_state", { params: { id }, body: { state: { type: "COMPLETED" } } }),
      asRun("POST /flow_runs/{id}/set_state", { params: { id }, body: { state: { type: "CANCELLING" } } }),
      asRun("PATCH /flow_runs/{id}", { params: { id }, body: { name: "planted" } }),
      asRun("POST /logs/", { body: [line] }),
    ];
    for (const tried of await Promise.allSettled(tries))
      expect(tried).toMatchObject({ status: "rejected", reason: { status: 403 } });
    expect(await stateOf(id)).toBe("PENDING");
    const own = { params: { id: assigned.run_id }, body: { state: { type: "RUNNING" as const } } };
    expect((await asRun("POST /flow_runs/{id}/set_state", own)).status).toBe("ACCEPT");
  });

  test("[S47] what another agent says of a run changes nothing", async () => {
    const stranger = await Agent.connect(pool);
    const { run_id, generation } = other;
    for (const claimed of [generation, generation + 1, generation - 1]) {
      stranger.say({ type: "accept", run_id, generation: claimed });
      stranger.say({ type: "decline", run_id, generation: claimed, reason: "full" });
      stranger.say({ type: "finished", run_id, generation: claimed, exit_code: 0, signal: null });
    }
    await stranger.takenIn();
    stranger.end();
    expect(await stateOf(run_id)).toBe("PENDING");
    const agents = await parties.a.client("GET /work_pools/{name}/agents", { params: { name: pool } });
    expect(agents.map(({ running }) => running).sort()).toEqual([0, 2]);
  });

  test("[S47] of many agents that are there at once, each run goes to one", async () => {
    const { client, things } = parties.a;
    const name = `raced-${randomUUID()}`;
    await client("POST /work_pools/", { body: { name, type: "process" } });
    const body = { name, flow_id: things.flow, work_pool_name: name, entrypoint: "f.py:f" };
    const { id } = await client("POST /deployments/", { body });
    const agents = await Promise.all(Array.from({ length: 8 }, () => Agent.connect(name, 4)));
    const created = await Promise.all(
      Array.from({ length: 32 }, () => client("POST /deployments/{id}/create_flow_run", { params: { id }, body: {} })),
    );
    const given = await Promise.all(
      agents.map(async (one) => {
        const runs: string[] = [];
        while (runs.length < 4) runs.push((await one.frame<ServerAssign>("assign")).run_id);
        return runs;
      }),
    );
    expect(given.flat().sort()).toEqual(created.map((run) => run.id).sort());
    for (const one of agents) one.end();
  });

  test("[S47] once the claim is over its token changes nothing", async () => {
    const { run_id, generation } = assigned;
    agent.say({ type: "finished", run_id, generation, exit_code: 1, signal: null });
    await vi.waitUntil(async () => (await stateOf(run_id)) === "CRASHED", { timeout: 10_000, interval: 50 });
    const body = { state: { type: "COMPLETED" as const } };
    const late = await asRun("POST /flow_runs/{id}/set_state", { params: { id: run_id }, body }).catch(
      (error) => error,
    );
    expect(late.status).not.toBe("ACCEPT");
    expect(await stateOf(run_id)).toBe("CRASHED");
  });
});

describe("[S13] sockets that are used for something else", () => {
  const routes = [
    ["/events/in", "prefect"],
    ["/events/out", "prefect"],
    ["/agents/connect?pool=POOL", "millrace.agent.v1"],
  ] as const;

  test.each(routes)(
    "[S13] %s closes on a frame of 31 MiB, before and after the authentication",
    async (path, protocol) => {
      // At A, runs of cases before go back to their pool.
      const { apiUrl, key, things } = parties.b;
      const before = await inventory(parties.b);
      for (const first of [null, { type: "auth", token: key }]) {
        const socket = await Socket.open(apiUrl + path.replace("POOL", things.pool), [protocol]);
        if (first) socket.send(first);
        socket.send("x".repeat(31 << 20));
        expect([1002, 1008, 1009]).toContain((await socket.closed()).code);
      }
      expect(await inventory(parties.b)).toEqual(before);
    },
  );

  test("[S13] a message without an end is cut off", async () => {
    const { apiUrl, key } = parties.a;
    const socket = new WebSocket(`${apiUrl.replace(/^http/, "ws")}/events/in`, ["prefect"], {
      perMessageDeflate: false,
    });
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify({ type: "auth", token: key }));
    const part = "x".repeat(1 << 20);
    for (let sent = 0; sent < 128 && socket.readyState === WebSocket.OPEN; sent++)
      await new Promise((resolve) => socket.send(part, { fin: false }, resolve));
    // The code is lost where the connection is reset while the client still writes.
    expect([1006, 1009]).toContain(await closed);
  });

  const event = () => ({
    id: randomUUID(),
    occurred: new Date().toISOString(),
    event: "flood",
    resource: { "prefect.resource.id": "attacker" },
    related: [],
    payload: {},
  });

  test("[S13] [AP119] of 2,010 sockets of one key ten are closed with the reason, the oldest work, and others are served", async () => {
    const { a, server } = parties;
    const greedy = await makeKey(server.local, a.workspaceId, `greedy-${randomUUID()}`);
    const open = async () => {
      const socket = await Socket.open(`${a.apiUrl}/events/in`, ["prefect"]);
      socket.send({ type: "auth", token: greedy.key });
      expect(JSON.parse(await socket.next())).toEqual({ type: "auth_success" });
      return socket;
    };
    const sockets: Socket[] = [];
    while (sockets.length < 2_000) sockets.push(...(await Promise.all(Array.from({ length: 200 }, open))));
    for (const socket of await Promise.all(Array.from({ length: 10 }, open))) {
      const { code, reason } = await socket.closed();
      expect({ code, reason }).toEqual({ code: 1013, reason: expect.stringContaining("2000 sockets") });
    }
    const [oldest] = sockets as [Socket];
    for (let sent = 0; sent < 10_000; sent++) oldest.send(event());
    await oldest.confirm();
    expect(await a.client("POST /flows/count", { body: {} })).toBeGreaterThan(0);
    const other = await Socket.open(`${a.apiUrl}/events/in`, ["prefect"]);
    other.send({ type: "auth", token: a.key });
    expect(JSON.parse(await other.next())).toEqual({ type: "auth_success" });
    for (const socket of [other, ...sockets]) socket.end();
  });
});

test("[S14] a browser's session opens no socket, whatever site asks", async () => {
  const { a, server } = parties;
  const signedIn = await ask("POST", `${a.shortUrl}/auth/session`, { body: JSON.stringify({ api_key: a.key }) });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] as string;
  expect(cookie).toMatch(/^millrace_session=./);
  for (const origin of ["http://evil.example", "null", server.local.url]) {
    for (const path of ["/events/in", "/events/out", "/logs/out", `/flow_runs/${a.things.run}/live`]) {
      const socket = await Socket.open(a.apiUrl + path, ["prefect"], { cookie, origin });
      socket.send({ type: "filter", filter: {} });
      expect([1002, 1008]).toContain((await socket.closed()).code);
    }
  }
});

describe("[S44] [S46] code", () => {
  const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
  const put = (sha256: string, body: string) =>
    ask("PUT", `${parties.a.apiUrl}/bundles/${sha256}`, {
      token: parties.a.key,
      body,
      type: "application/octet-stream",
    });

  test("[S44] a bundle is one file, whose hash is its name: another name, or a path, stores nothing", async () => {
    const { a } = parties;
    const code = `export const x = "${randomUUID()}";`;
    expect((await put(hashOf(`${code}!`), code)).status).toBe(422);
    for (const name of ["..%2f..%2fescape", "../../escape", "%00", hashOf(code).toUpperCase(), "C:%5cescape"])
      expect([404, 405, 422]).toContain((await put(name, code)).status);
    for (const text of [code, `${code}!`])
      expect((await ask("GET", `${a.apiUrl}/bundles/${hashOf(text)}`, { token: a.key })).status).toBe(404);
  });

  test("[S44] a bundle that is too large is refused while it comes", async () => {
    const { a } = parties;
    const part = new Uint8Array(1 << 20) as Uint8Array<ArrayBuffer>;
    const sent = { token: a.key, body: Array.from({ length: 101 }, () => part) };
    expect(await push("PUT", `${a.apiUrl}/bundles/${"0".repeat(64)}`, sent)).toEqual({ status: 413 });
  });

  test("[S46] who knows the hash of another's bundle does not get it, and storing it says nothing of it", async () => {
    const { b } = parties;
    const code = `export const secret = "${randomUUID()}";`;
    expect((await put(hashOf(code), code)).status).toBe(201);
    const url = `${b.apiUrl}/bundles/${hashOf(code)}`;
    const unknown = await ask("GET", `${b.apiUrl}/bundles/${hashOf(randomUUID())}`, { token: b.key });
    expect(await ask("GET", url, { token: b.key })).toMatchObject({ status: 404, body: unknown.body });
    // As new to B as anything that nobody has.
    expect((await ask("PUT", url, { token: b.key, body: code, type: "application/octet-stream" })).status).toBe(201);
  });
});

test("[S40] a block's secret and a key's are in no list, event or output, and nowhere on the disk as they are", async () => {
  const { a, server } = parties;
  const canary = `canary-${randomUUID()}`;
  const { blockType, blockSchema } = a.things;
  const document = await a.client("POST /block_documents/", {
    body: { name: "canary", data: { value: canary }, block_type_id: blockType, block_schema_id: blockSchema },
  });
  const told = await Promise.all([
    a.client("GET /block_documents/{id}", { params: { id: document.id } }),
    a.client("POST /block_documents/filter", { body: {} }),
    a.client("POST /events/filter", { body: {} }),
  ]);
  expect(JSON.stringify([document, ...told])).not.toContain(canary);
  const shown = await ask("GET", `${a.apiUrl}/block_documents/${document.id}?include_secrets=true`, { token: a.key });
  expect(shown.body).toContain(canary);
  expect(server.output()).not.toContain(canary);
  const secret = a.authString.slice(a.authString.indexOf(":") + 1);
  const files = readdirSync(server.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = files.filter((entry) => {
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    return bytes.includes(canary) || bytes.includes(secret);
  });
  expect(holding.map(({ name }) => name)).toEqual([]);
});

describe("[S54] schedules that would never end", () => {
  const all = (count: number) => Array.from({ length: count }, (_, at) => at).join(",");
  const schedules: [string, object][] = [
    ["every second", { cron: "* * * * * *" }],
    ["a cron of 3,000 parts", { cron: `${"1-59/1,".repeat(3_000)}1 * * * *` }],
    ["a day that never comes", { cron: "0 0 31 2 *" }],
    ["every second, as a rule", { rrule: "FREQ=SECONDLY" }],
    ["a rule of a billion", { rrule: "FREQ=MINUTELY;COUNT=1000000000" }],
    [
      "a rule of every second of the year by place",
      { rrule: `FREQ=YEARLY;BYSETPOS=${all(366).slice(2)};BYHOUR=${all(24)};BYMINUTE=${all(60)};BYSECOND=${all(60)}` },
    ],
    ["a rule of a day that never comes", { rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" }],
    ["a rule from the year 9999", { rrule: "DTSTART:99990101T000000Z\nRRULE:FREQ=DAILY" }],
    ["a rule since the year 1", { rrule: "DTSTART:00010101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=7" }],
    ["no interval", { interval: 0 }],
    ["an interval of a microsecond", { interval: 1e-6 }],
    ["an interval for ever", { interval: 1e18 }],
    ["every second since the year 1", { interval: 1, anchor_date: "0001-01-01T00:00:00Z" }],
    ["a zone that is a path", { cron: "0 0 * * *", timezone: "../../etc/localtime" }],
  ];
  test.each(schedules)("[S54] %s is refused, or planned with an end", async (what, schedule) => {
    const { a } = parties;
    const body = { name: what, flow_id: a.things.flow, schedules: [{ schedule, active: true }] };
    const answer = await ask("POST", `${a.apiUrl}/deployments/`, { token: a.key, body: JSON.stringify(body) });
    expect([201, 422]).toContain(answer.status);
    if (answer.status !== 201) return;
    const { id } = JSON.parse(answer.body) as { id: string };
    const filter = { flow_runs: { deployment_id: { any_: [id] } } };
    expect(await a.client("POST /flow_runs/count", { body: filter })).toBeLessThanOrEqual(100);
  });
});
