/**
 * Recordings: what Prefect's own client and server said to each other, one JSON line per exchange or websocket frame.
 *
 * An exchange has `m` method, `p` path, `q` query, `h` the headers that matter, `req`, `s` status, `res`. A frame has `ws`:
 * `open`, `>` (client to server), `<` (server to client), `client-close`, `server-close`; `p` path, `f` the frame; `c` which one of the
 * path's sockets it is, counted from 1, where several are open side by side.
 *
 * A number that was written with a point is kept as a `Float`, since `0.0` and `0` are two kinds of value on the wire.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A number with a point or an exponent, as it was written. */
export class Float {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
  get value(): number {
    return Number(this.source);
  }
}

export type Value = null | boolean | number | string | Float | Value[] | { [key: string]: Value };

export interface Exchange {
  kind: "exchange";
  line: number;
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  request: Value;
  status: number;
  response: Value;
}

export interface Frame {
  kind: "frame";
  line: number;
  event: "open" | ">" | "<" | "client-close" | "server-close";
  path: string;
  /** Which of the path's sockets, from 1; null: the newest. */
  socket: number | null;
  subprotocols: string[];
  frame: Value;
  code: number | null;
}

export type Line = Exchange | Frame;

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

/** Parses JSON and keeps numbers with a point as `Float`. */
export function parse(text: string): Value {
  const revive: Reviver = (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && /[.eE]/.test(source) ? new Float(source) : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as Value;
}

/** Writes JSON; a `Float` as it was read. */
export function stringify(value: Value): string {
  const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
  return JSON.stringify(value, (_key, one: unknown) => (one instanceof Float ? rawJson(one.source) : one));
}

/** Reads `recordings/<name>.jsonl`. */
export function readRecording(name: string): Line[] {
  const path = fileURLToPath(new URL(`recordings/${name}.jsonl`, import.meta.url));
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((text, index): Line => {
    const raw = parse(text) as Record<string, Value>;
    if (raw.ws !== undefined) {
      return {
        kind: "frame",
        line: index + 1,
        event: raw.ws as Frame["event"],
        path: raw.p as string,
        socket: (raw.c ?? null) as number | null,
        subprotocols: (raw.sub ?? []) as string[],
        frame: raw.f ?? null,
        code: (raw.code ?? null) as number | null,
      };
    }
    return {
      kind: "exchange",
      line: index + 1,
      method: raw.m as string,
      path: raw.p as string,
      query: raw.q as string,
      headers: raw.h as Record<string, string>,
      request: raw.req ?? null,
      status: raw.s as number,
      response: raw.res ?? null,
    };
  });
}

const UUIDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** `POST /flow_runs/{id}/set_state`: an exchange without its ids. */
export const routeOf = ({ method, path }: Exchange): string =>
  `${method} ${path.replace(/^\/api/, "").replace(UUIDS, "{id}")}`;
