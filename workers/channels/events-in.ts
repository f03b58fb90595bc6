/**
 * `/events/in`: events as clients send them, one a frame.
 *
 * AP8  Frames are gathered for at most 250 ms, so that one commit serves many. Prefect's client takes a pong for the confirmation of an
 *      event, and the runtime answers pings by itself: this window is the one declared exception to «acknowledged writes survive».
 */
import { EventIn, type EventInput } from "@millrace/contract/events.ts";
import { recordEvents } from "../api/events.ts";
import { Refusal } from "../api/refusal.ts";
import type { Env } from "../env.ts";
import { type Channel, type Client, FAILED, POLICY_VIOLATION, TRY_AGAIN_LATER } from "./handshake.ts";
import { closeQuietly, readFrame } from "./inbox.ts";

/** Milliseconds for which frames are gathered. */
const WINDOW = 200;
/** Events of one group. */
const MOST = 200;
/** Events of one socket that wait to be recorded. A client that is faster than that is told to come again. */
const MOST_WAITING = 10_000;

export const eventsIn: Channel = {
  protocol: "prefect",
  scope: "run_flows",
  /** Ends when the socket has closed and what came before is recorded: a client may send its last events and leave at once. */
  open(client, env) {
    const intake = new Intake(client, env);
    return new Promise((resolve) => {
      client.inbox.forward(
        (text) => intake.take(text),
        () => resolve(intake.flush()),
      );
    });
  },
};

/** Groups the events of one socket, and records the groups one after another: their order is the order of the task runs' states. */
class Intake {
  readonly #client: Client;
  readonly #env: Env;
  #gathered: EventInput[] = [];
  #waiting = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #recording: Promise<void> = Promise.resolve();

  constructor(client: Client, env: Env) {
    this.#client = client;
    this.#env = env;
  }

  take(text: string): void {
    const event = EventIn.safeParse(readFrame(text));
    if (!event.success) {
      const issue = event.error.issues[0];
      const field = issue?.path.join(".") || "frame";
      closeQuietly(
        this.#client.socket,
        POLICY_VIOLATION,
        `Not an event: ${field}: ${issue?.message ?? "no JSON object"}`,
      );
      return;
    }
    this.#gathered.push(event.data);
    this.#waiting += 1;
    if (this.#waiting > MOST_WAITING) closeQuietly(this.#client.socket, TRY_AGAIN_LATER, "Too many events at once");
    if (this.#gathered.length >= MOST) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), WINDOW);
  }

  /** Records what was gathered; resolves when all that came so far is recorded. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const group = this.#gathered;
    this.#gathered = [];
    if (group.length > 0) this.#recording = this.#recording.then(() => this.#record(group));
    return this.#recording;
  }

  async #record(group: EventInput[]): Promise<void> {
    const { tenant, credential, socket } = this.#client;
    const { recorded, announced } = recordEvents(this.#env, tenant, group, credential);
    const told = announced.catch((error: unknown) => console.error("Events could not be announced", error));
    try {
      await recorded;
      // A socket that stays needs not wait for the hub, which gathers for a while; one that has closed must.
      if (socket.readyState !== WebSocket.OPEN) await told;
    } catch (error) {
      if (error instanceof Refusal) return closeQuietly(socket, POLICY_VIOLATION, error.message);
      console.error("Events could not be recorded", error);
      // A client that is told so connects again and sends what it has no confirmation for.
      closeQuietly(socket, FAILED, "Events could not be recorded: send them again");
    } finally {
      this.#waiting -= group.length;
    }
  }
}
