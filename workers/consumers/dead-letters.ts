/**
 * The dead-letter queue's consumer: messages of the dispatch queue that were tried too often.
 *
 * AP110 Each is kept where an operator sees it, and its run is asked to look after itself: it offers itself anew. One that could not
 *      be kept comes again; one that is not a message of ours is reported and dropped.
 */
import { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { flowRunAt } from "../../durable-objects/addresses.ts";
import { park } from "../api/dead-letters.ts";
import type { Env } from "../env.ts";

/** Seconds until a letter that could not be kept comes again. */
const AGAIN_AFTER = 30;

interface Letter {
  queued: Message;
  message: DispatchMessage;
}

/** Keeps a batch, one write a workspace. */
export async function keepDeadLetters(batch: MessageBatch, env: Env): Promise<void> {
  const workspaces = new Map<string, Letter[]>();
  for (const queued of batch.messages) {
    const read = DispatchMessage.safeParse(queued.body);
    if (!read.success) {
      console.error("A dead letter is malformed", queued.id);
      queued.ack();
      continue;
    }
    const { workspace } = read.data;
    workspaces.set(workspace, [...(workspaces.get(workspace) ?? []), { queued, message: read.data }]);
  }
  await Promise.all([...workspaces.values()].map((letters) => keep(letters, env)));
}

async function keep(letters: Letter[], env: Env): Promise<void> {
  const first = letters[0]?.message;
  if (!first) return;
  const owner = { workspace: first.workspace, shard: first.shard };
  try {
    for (const { message } of letters) {
      console.error("A run could not be dispatched: its dead letter waits for an operator", message.run);
      await flowRunAt(env, owner.workspace, message.run).reconcile(owner);
    }
    await park(
      env,
      owner,
      letters.map(({ queued, message }) => ({ message, sent: queued.timestamp })),
    );
    for (const { queued } of letters) queued.ack();
  } catch (error) {
    console.error("Dead letters could not be kept", error);
    for (const { queued } of letters) queued.retry({ delaySeconds: AGAIN_AFTER });
  }
}
