import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import type { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shardOf } from "../../durable-objects/env.ts";
import { WorkPool } from "../../durable-objects/work-pool/work-pool.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, inPool, stored } from "../../test/workerd/runs.ts";
import { type Asked, ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";
import worker from "../main.ts";
import { sweepDeadLetters } from "../sweeps/dead-letters.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

const HOUR = 3_600_000;
const NOON = Date.parse("2026-01-31T12:00:00Z");

const message = (changes: Partial<DispatchMessage> = {}): DispatchMessage => ({
  ...{ v: 1, ...a.owner, pool: uuidv7(), queue: null, run: uuidv7(), due: 1, priority: 100 },
  ...changes,
});

/** Has the Worker consume what was tried too often; answers what became of each message. */
async function park(bodies: unknown[], sent = NOON) {
  const messages = bodies.map((body, at) => ({ id: String(at), timestamp: new Date(sent), attempts: 1, body }));
  const batch = createMessageBatch("millrace-dispatch-dead", messages);
  const context = createExecutionContext();
  await (worker as { queue(batch: unknown, env: unknown): Promise<void> }).queue(batch, testEnv);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
}

const call = (route: string, body?: unknown, token = a.key): Promise<Asked> => ask(route, { token, body });
const list = async (body: unknown = {}, token = a.key) => (await call("POST /dead_letters/filter", body, token)).body;
interface Told {
  event: string;
  related: { [label: string]: string }[];
}
/** Events of dead letters, as they are stored. */
async function told(): Promise<Told[]> {
  const { results } = await shardOf(testEnv, a.shard)
    .prepare("SELECT body FROM event_batches WHERE workspace_id = ?1")
    .bind(a.workspace)
    .all<{ body: string }>();
  const events = results.flatMap(({ body }) => JSON.parse(body) as Told[]);
  return events.filter(({ event }) => event.startsWith("millrace.dead-letter."));
}

test("[AP9] a message that was tried too often makes its run look after itself", async () => {
  const run = await begin(a.owner, inPool());
  await run.crash();
  expect(await park([message({ run: run.id }), message({ pool: uuidv7() }), "junk"])).toMatchObject({ retried: [] });
  expect((await stored(run)).alarm).not.toBeNull();
});

test("[AP110] a message that no pool takes is tried, parked, seen, replayed and taken, through the real queue", async () => {
  const flow = (await call("POST /flows/", { name: "flow" })).body;
  await call("POST /work_pools/", { name: "boxes", type: "process" });
  const deployment = (await call("POST /deployments/", { name: "nightly", flow_id: flow.id, work_pool_name: "boxes" }))
    .body;
  const real = WorkPool.prototype.offer;
  let poisoned = true;
  let tries = 0;
  const taken: string[] = [];
  vi.spyOn(WorkPool.prototype, "offer").mockImplementation(async function (this: WorkPool, owner, offers) {
    if (owner.workspace === a.workspace && poisoned) {
      tries += 1;
      throw new Error("crashed");
    }
    await real.call(this, owner, offers);
    taken.push(...offers.map(({ run }) => run));
  });
  const run = (await call(`POST /deployments/${deployment.id}/create_flow_run`, {})).body;
  const [letter] = await vi.waitFor(
    async () => {
      const letters = await list();
      expect(letters).toHaveLength(1);
      return letters;
    },
    { timeout: 25_000, interval: 250 },
  );
  expect(tries).toBeGreaterThanOrEqual(6);
  expect(letter).toMatchObject({
    ...{ id: run.id, status: "WAITING", work_pool_id: run.work_pool_id, work_queue_id: run.work_queue_id },
    ...{ flow_run_name: run.name, flow_run_state_type: "SCHEDULED", resolved: null, resolved_by: null },
  });
  poisoned = false;
  const replayed = await call(`POST /dead_letters/${run.id}/replay`);
  expect(replayed).toMatchObject({ status: 200, body: { status: "REPLAYED", resolved_by: a.actorId } });
  await vi.waitFor(() => expect(taken).toContain(run.id), { timeout: 10_000, interval: 50 });
  expect(await list()).toEqual([]);
}, 60_000);

test("[AP110] a letter that comes twice, late or of an older message is one, and stays what an operator made of it", async () => {
  const one = message();
  await park([one, one], NOON);
  await park([one], NOON);
  expect(await list()).toHaveLength(1);
  expect((await call(`POST /dead_letters/${one.run}/drop`)).body).toMatchObject({ status: "DROPPED" });
  await park([one], NOON);
  await park([one], NOON - HOUR);
  expect(await list()).toEqual([]);
  // A message that was sent after that is another failure.
  await park([one], Date.now() + HOUR);
  expect(await list()).toMatchObject([{ id: one.run, status: "WAITING", resolved: null, resolved_by: null }]);
});

test("[AP110] a letter is resolved once, and who did it is told", async () => {
  const send = vi.spyOn(testEnv.DISPATCH, "send").mockResolvedValue(undefined as never);
  const [dropped, replayed] = [message(), message({ key: "a", weight: 2 })];
  await park([dropped, replayed]);
  expect((await call(`POST /dead_letters/${dropped.run}/drop`)).status).toBe(200);
  expect((await call(`POST /dead_letters/${replayed.run}/replay`)).status).toBe(200);
  for (const { run } of [dropped, replayed])
    for (const act of ["replay", "drop"]) expect((await call(`POST /dead_letters/${run}/${act}`)).status).toBe(409);
  expect(send.mock.calls).toEqual([[replayed]]);
  expect((await list({ status: ["REPLAYED", "DROPPED"] })).map(({ id }: { id: string }) => id).sort()).toEqual(
    [dropped.run, replayed.run].sort(),
  );
  const events = await vi.waitFor(
    async () => {
      const all = await told();
      expect(all).toHaveLength(4);
      return all;
    },
    { timeout: 10_000, interval: 100 },
  );
  expect(events.map(({ event }) => event).sort()).toEqual(
    ["dropped", "parked", "parked", "replayed"].map((what) => `millrace.dead-letter.${what}`),
  );
  const actor = { "prefect.resource.id": `prefect-cloud.actor.${a.actorId}`, "prefect.resource.role": "actor" };
  for (const { event, related } of events)
    if (!event.endsWith("parked")) expect(related).toEqual([expect.objectContaining(actor)]);
});

test("[AP110] letters of another workspace do not exist, and who may only see pools resolves none", async () => {
  const one = message();
  await park([one]);
  const b = await makeTenant();
  for (const act of ["GET /dead_letters/:id", "POST /dead_letters/:id/replay", "POST /dead_letters/:id/drop"])
    expect((await call(act.replace(":id", one.run), undefined, b.key)).status).toBe(404);
  expect(await list({ status: ["WAITING", "REPLAYED", "DROPPED"] }, b.key)).toEqual([]);
  expect(await list({ work_pool_id: uuidv7() })).toEqual([]);
  expect(await list({ work_pool_id: one.pool })).toMatchObject([{ id: one.run, status: "WAITING" }]);
});

test("[AP110] letters that cannot be kept come again, and their runs look after themselves all the same", async () => {
  const run = await begin(a.owner, inPool());
  await run.crash();
  const batch = vi.spyOn(shardOf(testEnv, a.shard), "batch").mockRejectedValue(new Error("away"));
  const result = await park([message({ run: run.id })]);
  batch.mockRestore();
  expect(result).toEqual({ acked: [], retried: ["0"] });
  expect((await stored(run)).alarm).not.toBeNull();
});

test("[AP111] resolved letters are forgotten after thirty days, waiting ones never", async () => {
  const [waits, resolved] = [message(), message()];
  await park([waits, resolved]);
  await call(`POST /dead_letters/${resolved.run}/drop`);
  const all = { status: ["WAITING", "DROPPED"] };
  await sweepDeadLetters(testEnv, Date.now() + 29 * 24 * HOUR);
  expect(await list(all)).toHaveLength(2);
  await sweepDeadLetters(testEnv, Date.now() + 31 * 24 * HOUR);
  expect((await list(all)).map(({ id }: { id: string }) => id)).toEqual([waits.run]);
});
