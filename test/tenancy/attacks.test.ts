/** What an attacker with one tenant's key would try at another's: ids in bodies and filters, guesses, and what errors tell. */
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, ask, inventory, type Parties, startParties } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterAll(() => parties.server.stop());

/** Every answer of this file that was an error, to see at the end that none tells too much. */
const errors: Answer[] = [];
async function post(path: string, body: object, token = parties.a.key): Promise<Answer> {
  const answer = await ask("POST", parties.a.apiUrl + path, { token, body: JSON.stringify(body) });
  if (answer.status >= 400) errors.push(answer);
  return answer;
}

const NOW = () => new Date().toISOString();

// The lists come first: what the cases after them leave behind at A names ids of B, which A said itself.
describe("[S04] lists", () => {
  const filters: [string, string, (parties: Parties) => object][] = [
    ["flows by id", "/flows/", ({ b }) => ({ flows: { id: { any_: [b.things.flow] } } })],
    ["flows by name", "/flows/", ({ b }) => ({ flows: { name: { any_: [b.things.flowName] } } })],
    ["flows by part of a name", "/flows/", ({ b }) => ({ flows: { name: { like_: b.workspaceId } } })],
    ["flows by their runs", "/flows/", ({ b }) => ({ flow_runs: { id: { any_: [b.things.run] } } })],
    ["flow runs by id", "/flow_runs/", ({ b }) => ({ flow_runs: { id: { any_: [b.things.run] } } })],
    ["flow runs by flow", "/flow_runs/", ({ b }) => ({ flows: { id: { any_: [b.things.flow] } } })],
    [
      "flow runs by deployment",
      "/flow_runs/",
      ({ b }) => ({ flow_runs: { deployment_id: { any_: [b.things.deployment] } } }),
    ],
    ["flow runs by task run", "/flow_runs/", ({ b }) => ({ task_runs: { id: { any_: [b.things.taskRun] } } })],
    ["task runs by id", "/task_runs/", ({ b }) => ({ task_runs: { id: { any_: [b.things.taskRun] } } })],
    ["task runs by run", "/task_runs/", ({ b }) => ({ task_runs: { flow_run_id: { any_: [b.things.run] } } })],
    ["artifacts by id", "/artifacts/", ({ b }) => ({ artifacts: { id: { any_: [b.things.artifact] } } })],
    ["artifacts by key", "/artifacts/", ({ b }) => ({ artifacts: { key: { any_: [b.things.artifactKey] } } })],
    ["artifacts by run", "/artifacts/", ({ b }) => ({ artifacts: { flow_run_id: { any_: [b.things.run] } } })],
    ["deployments by flow", "/deployments/", ({ b }) => ({ flows: { id: { any_: [b.things.flow] } } })],
  ];
  test.each(filters)("[S04] [TE3] %s of B are none", async (_what, path, filter) => {
    expect((await post(`${path}filter`, filter(parties))).body).toBe("[]");
    expect((await post(`${path}count`, filter(parties))).body).toBe("0");
  });

  test("[S04] [TE3] pages, logs and pools of B are none", async () => {
    const { b } = parties;
    const page = JSON.parse(
      (await post("/flow_runs/paginate", { flow_runs: { id: { any_: [b.things.run] } } })).body,
    ) as object;
    expect(page).toMatchObject({ results: [], count: 0 });
    expect((await post("/logs/filter", { logs: { flow_run_id: { any_: [b.things.run] } } })).body).toBe("[]");
    expect((await post("/work_pools/filter", { work_pools: { name: { any_: [b.things.pool] } } })).body).toBe("[]");
  });

  test("[S04] [TE3] without a filter a list holds its own tenant's things alone", async () => {
    const { b } = parties;
    for (const kind of ["flows", "flow_runs", "task_runs", "artifacts", "deployments", "work_pools", "logs"]) {
      const { status, body } = await post(`/${kind}/filter`, {});
      expect(status).toBe(200);
      for (const thing of [b.workspaceId, ...Object.values(b.things)]) expect(body).not.toContain(thing);
    }
  });
});

describe("[S01] ids of B in bodies", () => {
  const cases: [string, string, (id: string) => object, (parties: Parties) => string][] = [
    ["a flow run of B's flow", "/flow_runs/", (id) => ({ flow_id: id }), ({ b }) => b.things.flow],
    ["a deployment of B's flow", "/deployments/", (id) => ({ name: "theft", flow_id: id }), ({ b }) => b.things.flow],
    [
      "a flow run in B's pool",
      "/flow_runs/",
      (name) => ({ flow_id: parties.a.things.flow, work_pool_name: name }),
      ({ b }) => b.things.pool,
    ],
    [
      "a deployment in B's pool",
      "/deployments/",
      (name) => ({ name: "theft", flow_id: parties.a.things.flow, work_pool_name: name }),
      ({ b }) => b.things.pool,
    ],
    [
      "a flow run of B's deployment",
      "/flow_runs/",
      (id) => ({ flow_id: parties.a.things.flow, deployment_id: id }),
      ({ b }) => b.things.deployment,
    ],
    [
      "a task run in B's run",
      "/task_runs/",
      (id) => ({ flow_run_id: id, task_key: "t", dynamic_key: randomUUID() }),
      ({ b }) => b.things.run,
    ],
    [
      "a subflow of B's task run",
      "/flow_runs/",
      (id) => ({ flow_id: parties.a.things.flow, parent_task_run_id: id }),
      ({ b }) => b.things.taskRun,
    ],
  ];
  test.each(cases)("[S01] [TE3] %s answers as with an unknown one", async (_what, path, body, of) => {
    const theirs = of(parties);
    const nobodys = /^[0-9a-f-]{36}$/.test(theirs) ? randomUUID() : `nobody-${randomUUID()}`;
    const before = await inventory(parties.b);
    const [answer, unknown] = [await post(path, body(theirs)), await post(path, body(nobodys))];
    expect(answer.status).toBe(unknown.status);
    // What the service makes up (ids, times, names) differs between two things that were made.
    if (answer.status >= 400) expect(answer.body.replaceAll(theirs, "…")).toBe(unknown.body.replaceAll(nobodys, "…"));
    expect(answer.body).not.toContain(parties.b.workspaceId);
    expect(await inventory(parties.b)).toEqual(before);
  });

  test("[S01] [TE3] log lines and artifacts for B's run do not reach it", async () => {
    const { b } = parties;
    const before = await inventory(b);
    await post("/logs/", [{ name: "x", level: 20, message: "planted", timestamp: NOW(), flow_run_id: b.things.run }]);
    await post("/artifacts/", { key: "planted", data: "planted", flow_run_id: b.things.run });
    await post("/events", [
      {
        id: randomUUID(),
        occurred: NOW(),
        event: "planted",
        resource: { "prefect.resource.id": `prefect.flow-run.${b.things.run}` },
      },
    ]);
    expect(await inventory(b)).toEqual(before);
  });

  test("[S01] [TE3] the same task run id in two workspaces is two task runs", async () => {
    const { a, b } = parties;
    const before = await inventory(b);
    const { status } = await post("/task_runs/", {
      id: b.things.taskRun,
      flow_run_id: a.things.run,
      task_key: "mine",
      dynamic_key: randomUUID(),
      name: "mine",
    });
    expect([200, 201, 409]).toContain(status);
    expect(await inventory(b)).toEqual(before);
    const shown = await b.client("GET /task_runs/{id}", { params: { id: b.things.taskRun } });
    expect(shown.flow_run_id).toBe(b.things.run);
  });
});

describe("[S03] a workspace in a body", () => {
  test.each(["workspace", "workspace_id", "account_id", "tenant"])(
    "[S03] [AP2] %s of B is refused or means nothing",
    async (field) => {
      const { b } = parties;
      const before = await inventory(b);
      const answer = await post("/flows/", { name: `mine-${field}`, [field]: b.workspaceId });
      expect([200, 201, 422]).toContain(answer.status);
      expect(await inventory(b)).toEqual(before);
    },
  );

  test("[S03] a header that names B's workspace means nothing", async () => {
    const { a, b } = parties;
    const headers = {
      "x-workspace-id": b.workspaceId,
      "x-prefect-workspace": b.workspaceId,
      "x-forwarded-host": b.workspaceId,
    };
    const { body } = await ask("POST", `${a.shortUrl}/flows/filter`, { token: a.key, body: "{}", headers });
    expect(body).not.toContain(b.things.flow);
  });
});

describe("[S08] guesses", () => {
  /** Requests under way at once. */
  const LANES = 32;
  /** Databases of objects in the state folder: each object that stored something has one. */
  const databases = () =>
    readdirSync(parties.server.state, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".sqlite"))
      .length;

  test("[S08] [AP4] 10,000 reads of random runs answer 404 and leave nothing", async () => {
    const { a } = parties;
    const before = databases();
    let left = 10_000;
    const statuses = new Set<number>();
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        statuses.add((await ask("GET", `${a.apiUrl}/flow_runs/${randomUUID()}`, { token: a.key })).status);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect([...statuses]).toEqual([404]);
    expect(databases()).toBe(before);
  });
});

test("[S65] no error tells of stacks, statements, files or others", async () => {
  const { a } = parties;
  const more = await Promise.all([
    ask("GET", `${a.apiUrl}/nowhere`, { token: a.key }),
    ask("PUT", `${a.apiUrl}/flows/`, { token: a.key, body: "{}" }),
    ask("POST", `${a.apiUrl}/flow_runs/filter`, {
      token: a.key,
      body: '{"flow_runs":{"name":{"like_":"\'; DROP TABLE flow_run; --"}}}',
    }),
    ask("POST", `${a.apiUrl}/flow_runs/filter`, {
      token: a.key,
      body: `{"flow_runs":{"name":{"like_":"${"%a".repeat(400)}"}}}`,
    }),
    ask("POST", `${a.apiUrl}/flows/`, { token: a.key, body: "{" }),
    ask("GET", `${a.apiUrl}/flow_runs/%ff%fe`, { token: a.key }),
    ask("GET", `${a.shortUrl}/accounts/%00/workspaces/%00/flows/count`, { token: a.key }),
    ask("POST", `${a.apiUrl}/flows/count`, { body: "{}" }),
  ]);
  for (const { status, body } of [...errors, ...more]) {
    expect(status).toBeLessThan(500);
    expect(body).not.toMatch(
      /\bat .*:\d+:\d+|node_modules|\.ts\b|SQLITE|D1_|SELECT |INSERT |\/home\/|\/root\/|workerd/,
    );
    expect(body).not.toContain(parties.b.workspaceId);
  }
});
