import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import type { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Owner } from "../../durable-objects/flow-run/rpc.ts";
import { WorkPool } from "../../durable-objects/work-pool/work-pool.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { newOwner } from "../../test/workerd/runs.ts";
import worker from "../main.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => void vi.restoreAllMocks());

const message = (changes: Partial<DispatchMessage> = {}): DispatchMessage => ({
  ...{ v: 1, ...owner, pool: uuidv7(), queue: null, run: uuidv7(), due: 1, priority: 100 },
  ...changes,
});

/** Has the Worker consume a batch; answers what became of each message. */
async function consume(bodies: unknown[]) {
  const messages = bodies.map((body, at) => ({ id: String(at), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch("millrace-dispatch", messages);
  const context = createExecutionContext();
  await (worker as { queue(batch: unknown, env: unknown): Promise<void> }).queue(batch, testEnv);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
}

test("[AP9] the messages of a pool are offered together, and acknowledged once it has them", async () => {
  const offer = vi.spyOn(WorkPool.prototype, "offer");
  const [one, two] = [uuidv7(), uuidv7()];
  const runs = [uuidv7(), uuidv7(), uuidv7()];
  const bodies = [
    message({ pool: one, run: runs[0] }),
    message({ pool: two, run: runs[1] }),
    message({ pool: one, run: runs[2] }),
  ];
  expect(await consume(bodies as unknown[])).toEqual({ acked: ["0", "1", "2"], retried: [] });
  expect(
    offer.mock.calls.map(([, offers]) => offers.map(({ run }) => run)).sort((a, b) => b.length - a.length),
  ).toEqual([[runs[0], runs[2]], [runs[1]]]);
});

test("[AP9] messages that come twice, late and in any order lead to one entry a run", async () => {
  const pool = uuidv7();
  const [a, b] = [message({ pool }), message({ pool })];
  for (const bodies of [[b, a, b], [a], [b, b, a]]) await consume(bodies);
  const stub = testEnv.WORK_POOL.get(testEnv.WORK_POOL.idFromName(`${owner.workspace}/${pool}`));
  const { runInDurableObject } = await import("cloudflare:test");
  const rows = await runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec<{ key: string }>("SELECT key FROM entries_v1 WHERE key LIKE 'run/%' ORDER BY key").toArray(),
  );
  expect(rows.map(({ key }) => key)).toEqual([`run/${a.run}`, `run/${b.run}`].sort());
});

test("[AP9] a message that a pool did not take is tried again, and costs the others nothing", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const lame = uuidv7();
  const real = WorkPool.prototype.offer;
  vi.spyOn(WorkPool.prototype, "offer").mockImplementation(async function (this: WorkPool, who, offers) {
    if (offers.some(({ priority }) => priority === 1)) throw new Error("crashed");
    return real.call(this, who, offers);
  });
  const bodies = [message(), message({ pool: lame, priority: 1 }), message({ pool: lame }), message()];
  expect(await consume(bodies)).toEqual({ acked: ["0", "3"], retried: ["1", "2"] });
});

test.each<[string, unknown]>([
  ["[AP9] nothing", null],
  ["[AP9] text", "run"],
  ["[AP9] another version", { v: 2 }],
  [
    "[AP9] a run that is no id",
    { v: 1, workspace: uuidv7(), shard: 0, pool: uuidv7(), queue: null, run: "../x", due: 1, priority: 1 },
  ],
])("%s is dropped, and the rest of the batch is offered", async (_case, body) => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const offer = vi.spyOn(WorkPool.prototype, "offer");
  expect(await consume([body, message()])).toEqual({ acked: ["0", "1"], retried: [] });
  expect(offer).toHaveBeenCalledOnce();
});
