/**
 * What a replay knows of how the recorded world and the live one correspond: ids, times and names that servers make up.
 *
 * - An id, time or random name of a recorded answer is bound to what the live server said at the same place, when it is first
 *   seen; from then on both stand for each other, in requests as in answers. So a value that two recorded answers share must
 *   be shared by the live ones too.
 * - An id that the client chose (an event's, a task run's) gets a fresh one, so that a recording can be replayed twice; a
 *   time in a request is moved by whole seconds, so that the recorded session happens now.
 */
import { randomBytes } from "node:crypto";
import { Float, type Value } from "./recording.ts";

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;

export class Mapping {
  readonly #ids = new Map<string, string>();
  readonly #times = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #sent = new Set<string>();
  #shift = 0;

  /** From here on `start`, a time of the recording, is `now`: times in requests are moved by the difference. */
  begin(start: string, now = Date.now()): void {
    this.#shift = Math.round((now - Date.parse(start)) / 1000) * 1000;
  }

  /** A recorded request, as it is to be sent. */
  toLive(value: Value): Value {
    if (typeof value === "string") {
      this.#sent.add(value);
      return this.textToLive(value, true);
    }
    if (value === null || typeof value !== "object" || value instanceof Float) return value;
    if (Array.isArray(value)) return value.map((one) => this.toLive(one));
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.toLive(one)]));
  }

  /** Text with the live ids, times and names in place of recorded ones; unknown ids get a fresh one only in requests. */
  textToLive(text: string, request = false): string {
    let live = text.replace(UUID, (id) => this.#ids.get(id) ?? (request ? this.#freshId(id) : id));
    live = live.replace(TIME, (time) => this.#times.get(time) ?? (request ? this.#movedTime(time) : time));
    for (const [recorded, name] of this.#names) live = live.replaceAll(recorded, name);
    return live;
  }

  id(recorded: string): string | undefined {
    return this.#ids.get(recorded);
  }

  /** Binds, or says that `recorded` stands for something else already. */
  bindId = (recorded: string, live: string): boolean => bind(this.#ids, recorded, live);
  bindTime = (recorded: string, live: string): boolean => bind(this.#times, recorded, live);
  bindName = (recorded: string, live: string): boolean => bind(this.#names, recorded, live);
  /** Whether a client said this text before a server did; if so, no server made it up. */
  wasSent = (recorded: string): boolean => this.#sent.has(recorded) && !this.#names.has(recorded);

  /** Keeps version and time of the id, and makes the rest new. */
  #freshId(recorded: string): string {
    const live = recorded.slice(0, 24) + randomBytes(6).toString("hex");
    this.#ids.set(recorded, live);
    return live;
  }

  #movedTime(recorded: string): string {
    const moved = new Date(Date.parse(recorded) + this.#shift)
      .toISOString()
      .slice(0, 19)
      .replace("T", recorded[10] as string);
    const live = moved + recorded.slice(19);
    this.#times.set(recorded, live);
    return live;
  }
}

function bind(map: Map<string, string>, recorded: string, live: string): boolean {
  const known = map.get(recorded);
  if (known !== undefined) return known === live;
  map.set(recorded, live);
  return true;
}
