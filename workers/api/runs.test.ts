import { beforeEach, expect, test } from "vitest";
import { begin, line } from "../../test/workerd/runs.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await call("POST /flows/", { name: "flow", labels: { team: "a", "prefect.flow.id": "mine" } })).id;
});

const call = async (route: string, body?: unknown) => (await ask(route, { token: a.key, body })).body;

test("[AP19] a run has the labels of its flow, then the system's, then its own", async () => {
  const run = await call("POST /flow_runs/", { flow_id: flow, labels: { own: 1 } });
  expect(run.labels).toEqual({ team: "a", own: 1, "prefect.flow.id": flow });
});

test("[AP19] a deployment has the labels of its flow, and its runs have both", async () => {
  const body = { name: "d", flow_id: flow, labels: { team: "b" } };
  const deployment = await call("POST /deployments/", body);
  expect(deployment).toMatchObject({
    labels: { team: "b", "prefect.flow.id": flow },
    pull_steps: [],
    parameter_openapi_schema: {},
  });
  const run = await call(`POST /deployments/${deployment.id}/create_flow_run`, { parameters: { x: 1 } });
  expect(run).toMatchObject({ state_type: "SCHEDULED", deployment_id: deployment.id, parameters: { x: 1 } });
  expect(run.labels).toEqual({ team: "b", "prefect.flow.id": flow, "prefect.deployment.id": deployment.id });
});

test("[AP19] what a list takes without a body it takes with null", async () => {
  for (const body of [undefined, null, "null", {}]) {
    const { status } = await ask("POST /flow_runs/filter", { token: a.key, body });
    expect(status).toBe(200);
  }
  expect((await ask("POST /flows/", { token: a.key, body: null })).status).toBe(422);
});

test("[AP19] lines are stored with 201 and null, and listed over several runs in order of time", async () => {
  const runs = [await begin(a.owner), await begin(a.owner)] as const;
  const lines = [3, 1, 2].map((second, at) => ({
    ...{ name: "n", level: 20, message: `at ${second}`, timestamp: `2026-01-01T00:00:0${second}Z` },
    flow_run_id: runs[at % 2]?.id,
  }));
  expect(await ask("POST /logs/", { token: a.key, body: lines })).toMatchObject({ status: 201, body: null });
  const named = { logs: { flow_run_id: { any_: runs.map(({ id }) => id) } } };
  const messages = async (more: object) =>
    (await call("POST /logs/filter", { ...named, ...more })).map(({ message }: { message: string }) => message);
  expect(await messages({})).toEqual(["at 1", "at 2", "at 3"]);
  expect(await messages({ sort: "TIMESTAMP_DESC", limit: 2 })).toEqual(["at 3", "at 2"]);
  expect(await messages({ limit: 1, offset: 1 })).toEqual(["at 2"]);
});

test("[AP19] a list of lines that would wake hundreds of runs is refused", async () => {
  const run = await begin(a.owner);
  await run.object.appendLogs(a.owner, [line("m", 1)], null);
  const { makeRunId } = await import("./run-ids.ts");
  const { testEnv } = await import("../../test/workerd/env.ts");
  const any_ = Array.from({ length: 201 }, () => makeRunId(testEnv.KEY_PEPPER, a.workspace));
  const answer = await ask("POST /logs/filter", { token: a.key, body: { logs: { flow_run_id: { any_ } } } });
  expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ["body", "logs", "flow_run_id", "any_"] }] } });
});
