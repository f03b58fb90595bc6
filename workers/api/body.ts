/**
 * Reads a request's JSON, within bounds.
 *
 * AP3  A body that is too large, too deep or not well formed is refused before anything looks into it.
 */
import { type Fault, Refusal } from "./refusal.ts";

/** Largest body that is read, in bytes, where a row says nothing else: the cloud's own limit. */
export const BODY_LIMIT = 5 * 1024 * 1024;
/** How deep lists and objects may be nested. Deeper ones serve to exhaust, not to inform. */
const DEEPEST = 64;

/** Bytes beyond the limit that are read and dropped, so that a client which sends first and listens later hears the refusal. */
const DRAINED = 16 * 1024 * 1024;

/** The bytes of a body, at most `limit`. */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const said = saidLength(request);
  if (said !== null && said <= limit) return new Uint8Array(await request.arrayBuffer());
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size <= limit) parts.push(part);
    if (size > limit + DRAINED) break;
  }
  if (size > limit || (said ?? 0) > limit) throw tooLarge(limit);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The length that a body is said to have; null where none is said. */
function saidLength(request: Request): number | null {
  const said = request.headers.get("content-length");
  return said === null ? null : Number(said);
}

/**
 * The JSON of a body; a list of faults where there is none. `undefined`: the body is empty.
 * `mend`: ill-formed text is put right instead of refused, where losing the whole body would be worse.
 */
export async function readJson(
  request: Request,
  limit: number,
  { mend = false } = {},
): Promise<{ value: unknown; text: string } | { faults: Fault[] }> {
  if (request.headers.has("content-encoding")) {
    return wrong("Compressed bodies are not taken: send plain JSON.", "content_encoding");
  }
  return parseJson(await readBytes(request, limit), { mend });
}

/** The JSON of bytes that were read; a list of faults where there is none. */
export function parseJson(
  bytes: Uint8Array,
  { mend = false } = {},
): { value: unknown; text: string } | { faults: Fault[] } {
  if (bytes.byteLength === 0) return { value: undefined, text: "" };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return wrong("The body is not UTF-8.", "json_invalid");
  }
  if (MAY_BE_DEEP.test(text) && isTooDeep(text))
    return wrong(`Lists and objects may be nested ${DEEPEST} deep.`, "recursion_loop");
  const [ill, inexact] = [MAY_BE_ILL.test(text), MAY_BE_INEXACT.test(text)];
  let value: unknown;
  try {
    value = inexact ? JSON.parse(text, exactly) : JSON.parse(text);
  } catch (error) {
    return wrong(`JSON decode error: ${(error as Error).message}`, "json_invalid");
  }
  if (mend && ill) value = mended(value);
  const fault = ill || inexact ? findFault(value, ["body"]) : null;
  return fault ? { faults: [fault] } : { value, text };
}

/** Escapes that could stand for NUL or half a surrogate pair: rare enough to look closer only when one is there. */
const MAY_BE_ILL = /\\u(?:0000|[dD][89a-fA-F])/;
/** A number, which nothing but these signs can stand before, with digits or an exponent that a double might not hold. */
const MAY_BE_INEXACT = /(?:^|[[:,\s])-?(?:\d{16}|\d[\d.]*[eE]\+?\d{3})/;
/** More openings than may be nested: without them there is nothing to count. */
const MAY_BE_DEEP = new RegExp(`^(?:[^[{]*[[{]){${DEEPEST + 1}}`);

/** Stands for a number that would come back as another one. */
const INEXACT = Symbol("inexact");

/** Keeps numbers that a double holds, and marks the others. */
function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const whole = /^-?\d+$/.test(context?.source ?? "");
  return Number.isFinite(value) && (!whole || Number.isSafeInteger(value)) ? value : INEXACT;
}

/** The first string or number in a value that cannot be kept as it is. */
function findFault(value: unknown, loc: (string | number)[]): Fault | null {
  if (value === INEXACT)
    return { loc, msg: "This number is too large to be kept exactly: send it as a string", type: "number_inexact" };
  if (typeof value === "string") return isWell(value) ? null : illFormed(loc);
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const fault = isWell(key) ? findFault(inner, [...loc, Array.isArray(value) ? Number(key) : key]) : illFormed(loc);
    if (fault) return fault;
  }
  return null;
}

const isWell = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();
const illFormed = (loc: (string | number)[]): Fault => ({
  loc,
  msg: "Strings may hold neither NUL nor half a surrogate pair",
  type: "string_unicode",
});

/** The value without NUL, and with U+FFFD for half a surrogate pair. */
function mended(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\u0000", "").toWellFormed();
  if (Array.isArray(value)) return value.map(mended);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mended(inner)]));
}

/** Whether brackets are nested too deep, without parsing. Few bodies have enough of them to be looked at. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > DEEPEST) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}
const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [34, 92, 123, 125, 91, 93];

const tooLarge = (limit: number): Refusal => new Refusal({ code: "too_large", what: "body", limit, unit: "bytes" });
const wrong = (msg: string, type: string): { faults: Fault[] } => ({ faults: [{ loc: ["body"], msg, type }] });
