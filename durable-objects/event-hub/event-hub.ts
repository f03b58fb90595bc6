/**
 * A workspace's notice board: what its runs announce passes here on its way into the index, and to those who listen.
 *
 * EH1  An announcement is heard when index and events are stored; a caller who was not told so announces again.
 * EH2  A row of the index never goes back to an older version of its run.
 * EH3  A subscriber gets past events first, then live ones, each once.
 *
 * Announcements of a few milliseconds leave as one D1 batch (kit/gather.ts): an fsync a batch, not one a run.
 */

import { DurableObject } from "cloudflare:workers";
import type { WireEvent } from "@millrace/contract/events.ts";
import { uuidv7 } from "uuidv7";
import { type ObjectEnv, shardOf } from "../env.ts";
import { now } from "../kit/alarms.ts";
import { withDeadline } from "../kit/deadline.ts";
import { Gatherer } from "../kit/gather.ts";
import { type Packed, unpack } from "../kit/packed.ts";
import { writeIndex } from "./index-writer.ts";
import type { Announcement, EventHubRpc } from "./rpc.ts";
import { Subscribers, type Subscription } from "./subscribers.ts";

/** Milliseconds that an announcement which is not urgent may wait for company. */
const PATIENCE = 1_500;
/** Task runs whose flow run is remembered. */
const MOST_LOCATED = 50_000;

interface Tenant {
  workspace: string;
  shard: number;
}

interface Batch {
  tenant: Tenant;
  announcements: Announcement[];
}

export class EventHub extends DurableObject<ObjectEnv> implements EventHubRpc {
  readonly #gatherer: Gatherer<Batch>;
  readonly #subscribers: Subscribers;
  /** Task run → flow run, oldest first. Only a short cut: what is forgotten is found in the index once it ends. */
  readonly #located = new Map<string, string>();

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#subscribers = new Subscribers(ctx);
    this.#gatherer = new Gatherer(async (items) => {
      const first = items[0];
      if (!first) return;
      const { workspace, shard } = first.tenant;
      const announcements = items.flatMap((item) => item.announcements);
      await store(shardOf(env, shard), workspace, announcements);
    }, PATIENCE);
  }

  async announce(tenant: Tenant, packed: Packed<Announcement[]>, urgent: boolean): Promise<void> {
    if (tenant.workspace !== this.ctx.id.name) throw new Error("This hub is another workspace's.");
    const announcements = unpack(packed);
    for (const { located } of announcements) if (located) this.#remember(located);
    this.#subscribers.show(announcements.flatMap(({ events }) => events));
    await this.#gatherer.add({ tenant, announcements }, urgent);
  }

  async settle(): Promise<void> {
    await this.#gatherer.settle();
  }

  async locate(taskRun: string): Promise<string | null> {
    return this.#located.get(taskRun) ?? null;
  }

  /** A subscriber's websocket; the Worker has said who it is, and what it wants. */
  override async fetch(request: Request): Promise<Response> {
    const subscription = JSON.parse(new URL(request.url).searchParams.get("subscription") ?? "{}") as Subscription &
      Tenant;
    const { workspace, shard, filter, since, until, run } = subscription;
    if (workspace !== this.ctx.id.name) return new Response(null, { status: 404 });
    const response = this.#subscribers.accept({ filter, since, until, run });
    const past = async (): Promise<WireEvent[]> => {
      await this.#gatherer.settle();
      return readPast(shardOf(this.env, shard), workspace, {
        since: since ?? 0,
        until: until ?? Number.MAX_SAFE_INTEGER,
      });
    };
    this.ctx.waitUntil(this.#subscribers.begin(response.socket, since === null ? async () => [] : past));
    return response.answer;
  }

  override webSocketMessage(): void {
    // Subscribers have nothing to say; the Worker answers their pings.
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  #remember({ flowRun, taskRuns }: NonNullable<Announcement["located"]>): void {
    for (const id of taskRuns) {
      this.#located.delete(id);
      this.#located.set(id, flowRun);
    }
    for (const id of this.#located.keys()) {
      if (this.#located.size <= MOST_LOCATED) return;
      this.#located.delete(id);
    }
  }
}

/** Milliseconds after which the shard counts as away. What it stores late all the same is harmless. */
const DEADLINE = 10_000;

/** Stores announcements together; where one of them is refused, each by itself, so that it costs the others nothing. */
async function store(shard: D1Database, workspace: string, announcements: Announcement[]): Promise<void> {
  const write = (some: Announcement[]): Promise<void> =>
    withDeadline(writeIndex(shard, workspace, some, { id: uuidv7(), received: now() }), DEADLINE, "The shard");
  try {
    await write(announcements);
  } catch (error) {
    if (announcements.length === 1 || !isRefusal(error)) throw error;
    for (const announcement of announcements) {
      await write([announcement]).catch((reason: unknown) => {
        if (!isRefusal(reason)) throw reason;
        console.error("An announcement was refused", reason);
      });
    }
  }
}

/** True where the shard answered, and said no: the rows are at fault, not the way there. */
const isRefusal = (error: unknown): boolean => /TOOBIG|too big|constraint|malformed/i.test(String(error));

/** Rows of events that one subscription may read of the past. */
const MOST_BATCHES = 500;

async function readPast(
  shard: D1Database,
  workspace: string,
  span: { since: number; until: number },
): Promise<WireEvent[]> {
  const { results } = await shard
    .prepare(
      "SELECT body FROM event_batches WHERE workspace_id = ?1 AND latest >= ?2 AND earliest <= ?3 ORDER BY received DESC LIMIT ?4",
    )
    .bind(workspace, span.since, span.until, MOST_BATCHES)
    .all<{ body: string }>();
  return results.reverse().flatMap(({ body }) => JSON.parse(body) as WireEvent[]);
}
