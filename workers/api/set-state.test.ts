import { STATE_TYPES } from "@millrace/domain/state.ts";
import { beforeEach, expect, test } from "vitest";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await ask("POST /flows/", { token: a.key, body: { name: "flow" } })).body.id;
});

const post = (path: string, body: unknown) => ask(`POST ${path}`, { token: a.key, body });
const read = async (path: string) => (await ask(`GET ${path}`, { token: a.key })).body;

/** A RUNNING flow run, and a task run of it. */
async function paths(): Promise<string[]> {
  const run = (await post("/flow_runs/", { flow_id: flow, state: { type: "RUNNING" } })).body;
  const task = (await post("/task_runs/", { flow_run_id: run.id, task_key: "t", dynamic_key: "0" })).body;
  return [`/flow_runs/${run.id}`, `/task_runs/${task.id}`];
}

test.each([
  ["[AP91] an unknown type", { state: { type: "RUNING" } }, 422, "type"],
  ["[AP91] a type in small letters", { state: { type: "running" } }, 422, "type"],
  ["[AP91] no type", { state: { name: "Running" } }, 422, "type"],
  ["[AP91] no state", { force: true }, 422, "state"],
  ["[AP91] a state that is text", { state: "RUNNING" }, 422, "state"],
  ["[AP91] a name that is none", { state: { type: "FAILED", name: 7 } }, 422, "name"],
  [
    "[AP91] a due time that is none",
    { state: { type: "SCHEDULED", state_details: { scheduled_time: "soon" } } },
    422,
    "scheduled_time",
  ],
  [
    "[AP91] a transition id that is none",
    { state: { type: "FAILED", state_details: { transition_id: "x" } } },
    422,
    "transition_id",
  ],
  ["[AP91] force that is neither", { state: { type: "FAILED" }, force: "perhaps" }, 422, "force"],
  ["[AP91] a field of its own", { state: { type: "FAILED", colour: "red" } }, 422, "colour"],
  ["[AP91] a megabyte of data", { state: { type: "COMPLETED", data: "x".repeat(1_000_000) } }, 413, "state.data"],
])("%s is refused with the field's name, and nothing has changed", async (_case, body, status, field) => {
  for (const path of await paths()) {
    const before = (await read(path)).state;
    const answer = await post(`${path}/set_state`, body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(field);
    expect((await read(path)).state).toEqual(before);
  }
});

test("[AP91] from every state to every state there is an answer of the wire, and the run is in the state that it names", async () => {
  for (const from of STATE_TYPES) {
    const run = (await post("/flow_runs/", { flow_id: flow, state: { type: from } })).body;
    for (const type of STATE_TYPES) {
      await post(`/flow_runs/${run.id}/set_state`, { state: { type: from }, force: true });
      const { status, body } = await post(`/flow_runs/${run.id}/set_state`, { state: { type } });
      expect([200, 201]).toContain(status);
      expect(["ACCEPT", "REJECT", "ABORT", "WAIT"]).toContain(body.status);
      expect((await read(`/flow_runs/${run.id}`)).state_id).toBe(body.state.id);
    }
  }
});

test.each([
  ["[AP91] a delay before retries", "/flow_runs/", { empirical_policy: { retry_delay: -1 } }, "retry_delay"],
  [
    "[AP91] its older spelling",
    "/flow_runs/",
    { empirical_policy: { retry_delay_seconds: -1 } },
    "retry_delay_seconds",
  ],
  ["[AP91] a task's delays", "/task_runs/", { empirical_policy: { retry_delay: [1, -1] } }, "retry_delay"],
  ["[AP91] a task's jitter", "/task_runs/", { empirical_policy: { retry_jitter_factor: -0.5 } }, "retry_jitter_factor"],
])("%s is not negative", async (_case, path, body, field) => {
  const [flowRun = ""] = await paths();
  const keys =
    path === "/flow_runs/" ? { flow_id: flow } : { flow_run_id: flowRun.slice(11), task_key: "t", dynamic_key: "1" };
  const answer = await post(path, { ...keys, ...body });
  expect(answer.status).toBe(422);
  expect(JSON.stringify(answer.body)).toContain(field);
});
