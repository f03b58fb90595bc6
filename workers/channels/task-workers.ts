/** `/task_runs/subscriptions/scheduled`: where a task worker fetches background tasks, one after another. */
import { backgroundTasksAt } from "../../durable-objects/addresses.ts";
import { bridge, upgradeRequest } from "./bridge.ts";
import { type Channel, HANDSHAKE } from "./handshake.ts";
import { closeQuietly, type Frame } from "./inbox.ts";

/** How Prefect's server closes a socket whose client does not keep to the protocol. */
const VIOLATION = 4001;
/** Characters of a subscription that an object can keep with a socket. */
const LONGEST = 15_000;

export const taskWorkers: Channel = {
  protocol: "prefect",
  scope: "run_flows",
  async open(client, env) {
    const subscription = subscriptionOf(await client.inbox.next(HANDSHAKE));
    if (typeof subscription === "string") return closeQuietly(client.socket, VIOLATION, subscription);
    const { workspace } = client.tenant;
    const worker = encodeURIComponent(JSON.stringify({ workspace, ...subscription }));
    await bridge(client, backgroundTasksAt(env, workspace), upgradeRequest(`/worker?worker=${worker}`));
  },
};

/** What the frame asks for, or what is wrong with it. */
function subscriptionOf(frame: Frame): { clientId: string; keys: string[] } | string {
  if (frame?.type !== "subscribe") return "Expected a subscribe frame after the auth frame";
  const { keys, client_id: clientId } = frame;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every((key) => typeof key === "string"))
    return "Expected the keys of tasks, a list of texts, in the subscribe frame";
  if (typeof clientId !== "string" || clientId === "") return "Expected a client_id in the subscribe frame";
  if (JSON.stringify(keys).length + clientId.length > LONGEST) return "The subscribe frame names too many keys";
  return { clientId, keys: [...new Set(keys as string[])] };
}
