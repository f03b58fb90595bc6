/**
 * The pages' live sockets, and the one connection sign that people see.
 *
 * LV1  A socket authenticates with a ticket of its own, asked for when the connection opens; a ticket is used once.
 * LV2  After a break the socket comes back by itself and `onReady` runs again: whoever listens catches up from its own cursor.
 * LV3  A tab hidden for HIDDEN_FOR closes its sockets and opens them when it is seen again. A page that people paused stays so.
 * LV4  The sign tells the worst of all sockets, and since when.
 */
import ReconnectingSocket from "partysocket/ws";
import { SvelteSet } from "svelte/reactivity";
import { ApiError, api } from "./api.ts";

/** Milliseconds after which a hidden tab lets its sockets go. */
const HIDDEN_FOR = 60_000;

export type Link = "none" | "connecting" | "live" | "reconnecting" | "offline" | "asleep" | "paused" | "signed out";
const WORST: readonly Link[] = [
  "signed out",
  "offline",
  "reconnecting",
  "connecting",
  "asleep",
  "paused",
  "live",
  "none",
];

export interface Listener {
  /** Below `/api`. */
  path: string;
  /** The connection is ready: send what subscribes, if anything. Runs after every reconnection too. */
  onReady?: (send: (frame: unknown) => void, again: boolean) => void;
  onFrame: (frame: { type: string } & Record<string, unknown>) => void;
}

class Connection {
  readonly #sockets = new SvelteSet<LiveSocket>();
  #paused = $state(false);
  #since = $state(Date.now());
  #before: Link = "none";

  link: Link = $derived.by(() => {
    const links = [...this.#sockets].map((socket) => socket.link);
    return WORST.find((link) => links.includes(link)) ?? "none";
  });

  get paused(): boolean {
    return this.#paused;
  }
  /** When the present sign began. */
  get since(): number {
    return this.#since;
  }

  /** Opens a socket; the answer closes it. */
  listen(listener: Listener): () => void {
    this.#watchTab();
    const socket = new LiveSocket(listener, () => this.#changed());
    this.#sockets.add(socket);
    if (this.#paused) socket.rest("paused");
    else if (document.hidden) socket.rest("asleep");
    else socket.open();
    return () => {
      socket.rest("none");
      this.#sockets.delete(socket);
      this.#changed();
    };
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    for (const socket of this.#sockets) paused ? socket.rest("paused") : socket.open();
  }

  #watching = false;
  #watchTab(): void {
    if (this.#watching) return;
    this.#watching = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (this.#paused) return;
      const each = (act: (socket: LiveSocket) => void) => () => [...this.#sockets].forEach(act);
      if (document.hidden)
        timer = setTimeout(
          each((socket) => socket.rest("asleep")),
          HIDDEN_FOR,
        );
      else each((socket) => socket.open())();
    });
  }

  #changed(): void {
    if (this.link === this.#before) return;
    this.#before = this.link;
    this.#since = Date.now();
  }
}

class LiveSocket {
  link: Link = $state("none");
  readonly #listener: Listener;
  readonly #onChange: () => void;
  #socket: ReconnectingSocket | null = null;
  #wasLive = false;

  constructor(listener: Listener, onChange: () => void) {
    this.#listener = listener;
    this.#onChange = onChange;
  }

  open(): void {
    if (this.#socket) return;
    this.#say(this.#wasLive ? "reconnecting" : "connecting");
    const url = new URL(`/api${this.#listener.path}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new ReconnectingSocket(url.href, ["prefect"], {
      minReconnectionDelay: 400,
      maxReconnectionDelay: 10_000,
      reconnectionDelayGrowFactor: 1.7,
      connectionTimeout: 8_000,
      maxEnqueuedMessages: 0,
    });
    this.#socket = socket;
    socket.addEventListener("open", () => void this.#authenticate(socket));
    socket.addEventListener("message", ({ data }) => this.#hear(socket, String(data)));
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#say(navigator.onLine ? "reconnecting" : "offline");
    });
  }

  /** Closes without coming back, until `open`. */
  rest(link: Link): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#say(link);
  }

  async #authenticate(socket: ReconnectingSocket): Promise<void> {
    try {
      const { ticket } = await api("POST /me/ws-ticket");
      if (this.#socket === socket) socket.send(JSON.stringify({ type: "auth", token: ticket }));
    } catch (error) {
      if (this.#socket !== socket) return;
      if (error instanceof ApiError && error.status === 401) this.rest("signed out");
      else socket.reconnect();
    }
  }

  #hear(socket: ReconnectingSocket, data: string): void {
    if (this.#socket !== socket) return;
    let frame: { type: string } & Record<string, unknown>;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "auth_success") {
      const again = this.#wasLive;
      this.#wasLive = true;
      this.#say("live");
      this.#listener.onReady?.((message) => socket.send(JSON.stringify(message)), again);
    } else this.#listener.onFrame(frame);
  }

  #say(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.#onChange();
  }
}

/** The browser's one connection sign and the sockets under it. */
export const connection = new Connection();
