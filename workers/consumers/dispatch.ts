/**
 * The dispatch queue's consumer: due runs on their way to their pools.
 *
 * AP9  A message may come twice, late and in any order. One that a pool did not take is tried again; one that is not a message of
 *      ours is reported and dropped.
 */
import { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import type { Env } from "../env.ts";

/** Offers a batch, one call a pool. */
export async function dispatch(batch: MessageBatch, env: Env): Promise<void> {
  const pools = new Map<string, { message: Message; offer: DispatchMessage }[]>();
  for (const message of batch.messages) {
    const read = DispatchMessage.safeParse(message.body);
    if (!read.success) {
      console.error("A dispatch message is malformed", message.id);
      message.ack();
      continue;
    }
    const key = `${read.data.workspace}/${read.data.pool}`;
    pools.set(key, [...(pools.get(key) ?? []), { message, offer: read.data }]);
  }
  await Promise.all([...pools.values()].map((offers) => offerAll(offers, env)));
}

async function offerAll(offers: { message: Message; offer: DispatchMessage }[], env: Env): Promise<void> {
  const first = offers[0]?.offer;
  if (!first) return;
  try {
    const owner = { workspace: first.workspace, shard: first.shard };
    await workPoolAt(env, first.workspace, first.pool).offer(
      owner,
      offers.map(({ offer: { run, queue, due, priority, key, weight } }) => ({
        run,
        queue,
        due,
        priority,
        key,
        weight,
      })),
    );
    for (const { message } of offers) message.ack();
  } catch (error) {
    console.error("A pool did not take its runs", error);
    for (const { message } of offers) message.retry({ delaySeconds: 1 });
  }
}
