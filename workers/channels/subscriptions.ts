/** `/events/out`, `/logs/out` and a run's `/live`: what clients listen to. */
import { EventFilter } from "@millrace/contract/events.ts";
import { LogFilter } from "@millrace/contract/filters.ts";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { isRunId } from "../api/run-ids.ts";
import type { Env } from "../env.ts";
import { bridge, upgradeRequest } from "./bridge.ts";
import { type Channel, type Client, HANDSHAKE, POLICY_VIOLATION, PROTOCOL_ERROR } from "./handshake.ts";
import { closeQuietly } from "./inbox.ts";

/** Characters of a filter that an object can keep with a socket. */
const LONGEST_FILTER = 15_000;
/** Lines of the past that a subscriber is sent. */
const MOST_PAST_LINES = 100_000;

/** The filter frame that begins a subscription; null once the socket was closed for lacking it. */
async function filterFrame({ socket, inbox }: Client): Promise<{ filter: unknown; backfill: boolean } | null> {
  const frame = await inbox.next(HANDSHAKE);
  if (frame?.type !== "filter") {
    closeQuietly(socket, PROTOCOL_ERROR, "The second frame must be a filter");
    return null;
  }
  return { filter: frame.filter ?? {}, backfill: frame.backfill !== false };
}

function refuseFilter(socket: WebSocket, issue: { path: PropertyKey[]; message: string } | undefined): void {
  closeQuietly(
    socket,
    PROTOCOL_ERROR,
    `Not a filter: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "too large"}`,
  );
}

export const eventsOut: Channel = {
  protocol: "prefect",
  scope: "see_events",
  // Prefect's engine listens to what is asked of its run.
  ownRun: true,
  async open(client, env) {
    const frame = await filterFrame(client);
    if (!frame) return;
    const filter = EventFilter.safeParse(frame.filter);
    if (!filter.success) return refuseFilter(client.socket, filter.error.issues[0]);
    const { occurred, ...rest } = filter.data;
    const { workspace, shard } = client.tenant;
    const since = frame.backfill ? (occurred?.since ?? Date.now() * 1000) : null;
    const run = client.credential.claim?.run;
    const subscription = JSON.stringify({ workspace, shard, filter: rest, since, until: occurred?.until ?? null, run });
    if (subscription.length > LONGEST_FILTER) return refuseFilter(client.socket, undefined);
    await bridge(
      client,
      eventHubAt(env, workspace),
      upgradeRequest(`/events?subscription=${encodeURIComponent(subscription)}`),
    );
  },
};

export const logsOut: Channel = {
  protocol: "prefect",
  scope: "see_flows",
  async open(client, env) {
    const frame = await filterFrame(client);
    if (!frame) return;
    const parsed = LogFilter.safeParse(frame.filter);
    if (!parsed.success) return refuseFilter(client.socket, parsed.error.issues[0]);
    const filter = parsed.data;
    const runs = (filter.flow_run_id?.any_ ?? []).filter((id) => isRunId(id, env.KEY_PEPPER, client.tenant.workspace));
    if (runs.length === 0 || runs.length > MOST_RUNS) {
      return closeQuietly(
        client.socket,
        POLICY_VIOLATION,
        `Name between 1 and ${MOST_RUNS} runs of this workspace in flow_run_id.any_`,
      );
    }
    if (JSON.stringify(filter).length > LONGEST_FILTER) return refuseFilter(client.socket, undefined);
    const past = frame.backfill ? { filter, sort: "TIMESTAMP_ASC", limit: MOST_PAST_LINES, offset: 0 } : null;
    const query = encodeURIComponent(JSON.stringify({ filter, past }));
    await Promise.all(runs.map((run) => watch(client, env, run, `/logs?query=${query}`)));
  },
};
/** Runs that one log subscription follows. */
const MOST_RUNS = 20;

/** A run's page: the run as it is, then each change. */
export const live = (run: string): Channel => ({
  protocol: "prefect",
  scope: "see_flows",
  open: (client, env) => watch(client, env, run, "/live"),
});

function watch(client: Client, env: Env, run: string, path: string): Promise<void> | void {
  const { workspace } = client.tenant;
  if (!isRunId(run, env.KEY_PEPPER, workspace))
    return closeQuietly(client.socket, POLICY_VIOLATION, "There is no such flow run");
  return bridge(client, flowRunAt(env, workspace, run), upgradeRequest(path, { "x-millrace-workspace": workspace }));
}
