/** Sends the lines of a recording to a live server, one after another, and says how its answers differ. */
import { setTimeout as wait } from "node:timers/promises";
import { Socket } from "../support/socket.ts";
import { compare, type Difference } from "./compare.ts";
import type { Mapping } from "./mapping.ts";
import { type Exchange, type Frame, type Line, parse, stringify, type Value } from "./recording.ts";
import type { Target } from "./target.ts";

/** How often a peer that says 503 is asked again. */
const PEER_TRIES = 10;

/** The sockets of one recording, and the lines that were sent. */
export class Replay {
  readonly #target: Target;
  readonly #mapping: Mapping;
  /** By path, in the order in which they were opened. */
  readonly #sockets = new Map<string, Socket[]>();

  constructor(target: Target, mapping: Mapping) {
    this.#target = target;
    this.#mapping = mapping;
  }

  /** Replays one line; the differences between the recorded answer and the live one. */
  async send(line: Line): Promise<Difference[]> {
    return line.kind === "exchange" ? this.#exchange(line) : this.#frame(line);
  }

  close(): void {
    for (const socket of [...this.#sockets.values()].flat()) socket.end();
  }

  async #exchange(line: Exchange): Promise<Difference[]> {
    const headers: Record<string, string> = { ...line.headers, accept: "application/json" };
    if (this.#target.key !== null) headers.authorization = `Bearer ${this.#target.key}`;
    const init: RequestInit = { method: line.method, headers };
    if (line.request !== null) {
      headers["content-type"] = "application/json";
      init.body = stringify(this.#mapping.toLive(line.request));
    }
    const query = line.query === "" ? "" : `?${this.#mapping.textToLive(line.query, true)}`;
    const url = `${this.#url(line.path)}${query}`;
    let response = await fetch(url, init);
    // A peer on SQLite may be busy, and the client would try again; this service has no such excuse.
    for (let tries = 0; this.#target.key === null && response.status === 503 && tries < PEER_TRIES; tries += 1) {
      await response.text();
      response = await fetch(url, init);
    }
    const text = await response.text();
    // The recorded client came again when it was told to.
    if (response.status === 423) await wait(Number(response.headers.get("retry-after")) * 1000);
    if (response.status !== line.status) {
      return [{ at: "status", what: `${line.status}, not ${response.status}: ${text.slice(0, 300)}` }];
    }
    const live = text === "" ? null : parse(text);
    const found = compare(line.response, live, this.#mapping);
    const type = response.headers.get("content-type");
    // What a run was handed is answered as the text that it is, JSON or not.
    const wanted = /\/input\/[^/]+$/.test(line.path) && line.method === "GET" ? "text/plain" : "application/json";
    if (text !== "" && !type?.startsWith(wanted)) found.push({ at: "content-type", what: `${wanted}, not ${type}` });
    return found;
  }

  async #frame(line: Frame): Promise<Difference[]> {
    if (line.event === "open") {
      const opened = await Socket.open(this.#url(line.path), line.subprotocols);
      this.#sockets.set(line.path, [...(this.#sockets.get(line.path) ?? []), opened]);
      return [];
    }
    const socket = this.#sockets.get(line.path)?.at(line.socket === null ? -1 : line.socket - 1);
    if (socket === undefined) return [{ at: "socket", what: "open" }];
    switch (line.event) {
      case ">": {
        const frame = this.#mapping.toLive(line.frame) as Record<string, Value>;
        // The recorded server wanted no credential, so the recorded client had none to send.
        if (frame.type === "auth") frame.token = this.#target.key;
        socket.send(stringify(frame));
        return [];
      }
      case "<":
        return this.#answer(line.frame, socket);
      case "client-close":
        await socket.confirm();
        // A process that ended without a word is recorded as 1006, which nobody can send.
        socket.close(line.code === 1006 ? 1000 : (line.code ?? 1000));
        return [];
      case "server-close": {
        const { code } = await socket.closed();
        if (line.socket === null) this.#sockets.get(line.path)?.pop();
        return code === line.code ? [] : [{ at: "code", what: `${line.code}, not ${code}` }];
      }
    }
  }

  /** Compares a frame with the one that comes. Events that come before the recorded one are told: nothing passes unseen. */
  async #answer(recorded: Value, socket: Socket): Promise<Difference[]> {
    const found: Difference[] = [];
    const wanted = eventOf(recorded);
    let live = parse(await socket.next());
    for (let event = eventOf(live); wanted !== null && event !== wanted; event = eventOf(live)) {
      found.push({ at: `before ${wanted}`, what: `nothing, not ${event}` });
      live = parse(await socket.next());
    }
    return [...found, ...compare(recorded, live, this.#mapping)];
  }

  #url(path: string): string {
    return this.#target.base + this.#mapping.textToLive(path.replace(/^\/api/, ""), true);
  }
}

/** What an event frame is about; null of another frame. */
function eventOf(frame: Value): Value {
  const { type, event } = frame as Record<string, Value>;
  return type === "event" ? ((event as Record<string, Value>).event ?? null) : null;
}
