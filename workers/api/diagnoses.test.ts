import { beforeEach, expect, test, vi } from "vitest";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const call = async (route: string, body?: unknown) => (await ask(route, { token: a.key, body })).body;

/** A run of a deployment with a pool. */
async function deployed() {
  const flow = await call("POST /flows/", { name: "flow" });
  const pool = await call("POST /work_pools/", { name: "boxes", type: "process" });
  const deployment = await call("POST /deployments/", { name: "nightly", flow_id: flow.id, work_pool_name: "boxes" });
  const run = await call(`POST /deployments/${deployment.id}/create_flow_run`, {});
  return { pool, deployment, run, why: () => call(`GET /flow_runs/${run.id}/diagnosis`) };
}

test("[AP90] a run that nobody takes says who is missing, and one that ended waits for nothing", async () => {
  const { run, why } = await deployed();
  expect(await why()).toMatchObject({
    ...{ flow_run_id: run.id, state_type: "SCHEDULED", state_name: "Scheduled", waits_for: "agents" },
    checks: [
      { name: "due", verdict: "passed", since: expect.stringMatching(/Z$/), fix: null },
      { name: "deployment", verdict: "passed" },
      { name: "pool", verdict: "passed" },
      { name: "agents", verdict: "blocked", since: null, fix: expect.stringContaining("--pool boxes") },
      { name: "dispatch", verdict: "passed", message: expect.stringContaining("to its pool once.") },
    ],
  });
  await call(`POST /flow_runs/${run.id}/set_state`, { state: { type: "CANCELLED" } });
  expect(await why()).toMatchObject({ state_type: "CANCELLED", waits_for: null, checks: [{ verdict: "passed" }] });
});

test("[AP90] a pool that does not answer is unknown, and a deployment that was deleted is said to be", async () => {
  const { deployment, run, why } = await deployed();
  // A run that waits in a limit's line stays when its deployment goes.
  const waiting = { type: "SCHEDULED", name: "AwaitingConcurrencySlot" };
  await call(`POST /flow_runs/${run.id}/set_state`, { state: waiting, force: true });
  await call(`DELETE /deployments/${deployment.id}`);
  expect(await why()).toMatchObject({ waits_for: "deployment" });
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  const { WorkPool } = await import("../../durable-objects/work-pool/work-pool.ts");
  vi.spyOn(WorkPool.prototype, "agents").mockRejectedValue(new Error("away"));
  expect((await why()).checks).toContainEqual(expect.objectContaining({ name: "pool", verdict: "unknown" }));
  expect(quiet).toHaveBeenCalled();
  vi.restoreAllMocks();
});
