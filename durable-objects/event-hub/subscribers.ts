/**
 * Those who listen to a workspace's events.
 *
 * EH3  A subscriber gets past events first, then live ones, each once.
 *
 * While the past is being read for a socket, live events are kept for it in memory; then it is told of those that the past did
 * not hold. A socket that hibernated needs only its filter, which lies in its attachment.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import { type EventFilter, isOfRun, matchesEvent } from "@millrace/domain/filter/events.ts";
import { parseInstant } from "@millrace/domain/time.ts";
import { close, send } from "../kit/sockets.ts";

export interface Subscription {
  filter: EventFilter;
  /** Microseconds; null: no past events. */
  since: number | null;
  until: number | null;
  /** The only run whose events are shown. */
  run?: string | undefined;
}

export class Subscribers {
  readonly #ctx: DurableObjectState;
  /** Sockets whose past is being read, with the live events that came meanwhile. */
  readonly #beginning = new Map<WebSocket, WireEvent[]>();
  /** Ids of the events shown lately: what is announced twice is shown once. */
  readonly #shown = new Set<string>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  accept(subscription: Subscription): { answer: Response; socket: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    server.serializeAttachment(subscription);
    this.#beginning.set(server, []);
    return { answer: new Response(null, { status: 101, webSocket: client }), socket: server };
  }

  /** Sends the past, then what came while it was read. A socket whose past cannot be read is closed, to come again. */
  async begin(socket: WebSocket, past: () => Promise<WireEvent[]>): Promise<void> {
    const subscription = socket.deserializeAttachment() as Subscription;
    const sent = new Set<string>();
    try {
      for (const event of await past()) {
        if (sent.has(event.id) || !isMeant(subscription, event)) continue;
        sent.add(event.id);
        send(socket, frameOf(event));
      }
      this.#remember([...sent]);
      for (const event of this.#beginning.get(socket) ?? []) if (!sent.has(event.id)) send(socket, frameOf(event));
    } catch (error) {
      console.error("Past events could not be read", error);
      close(socket, 1011, "Past events cannot be read just now: connect again");
    } finally {
      this.#beginning.delete(socket);
    }
  }

  /** Sends live events to all who want them. */
  show(events: readonly WireEvent[]): void {
    const sockets = this.#ctx.getWebSockets();
    if (events.length === 0 || sockets.length === 0) return;
    const news = events.filter(({ id }) => !this.#shown.has(id));
    this.#remember(news.map(({ id }) => id));
    for (const socket of sockets) {
      const subscription = socket.deserializeAttachment() as Subscription;
      const wanted = news.filter((event) => isWanted(subscription, event));
      const kept = this.#beginning.get(socket);
      if (kept) kept.push(...wanted);
      else for (const event of wanted) send(socket, frameOf(event));
    }
  }

  #remember(ids: readonly string[]): void {
    for (const id of ids) this.#shown.add(id);
    for (const oldest of this.#shown) {
      if (this.#shown.size <= MOST_SHOWN) return;
      this.#shown.delete(oldest);
    }
  }
}

/** Events whose ids are remembered. */
const MOST_SHOWN = 10_000;

function isMeant(subscription: Subscription, event: WireEvent): boolean {
  const { since, until } = subscription;
  const occurred = parseInstant(event.occurred) ?? 0;
  return occurred >= (since ?? 0) && occurred <= (until ?? Number.MAX_SAFE_INTEGER) && isWanted(subscription, event);
}

const isWanted = ({ filter, run }: Subscription, event: WireEvent): boolean =>
  (run === undefined || isOfRun(event, run)) && matchesEvent(filter, event);

const frameOf = (event: WireEvent): string => JSON.stringify({ type: "event", event });
