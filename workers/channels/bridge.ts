/** Joins a client's socket to an object's: what one says, the other hears, until either leaves. */
import type { Client } from "./handshake.ts";
import { closeQuietly } from "./inbox.ts";

/** Codes that a close frame may carry on; others mean that no close frame came. */
const isSayable = (code: number): boolean =>
  code === 1000 || (code >= 1002 && code <= 1003) || (code >= 1007 && code <= 1014) || code >= 3000;

/**
 * Opens the object's end and joins it. The object answers 101, or there is nothing to watch. `read`: frames that were read on the way,
 * and are the object's.
 */
export async function bridge(
  { socket, inbox }: Client,
  object: { fetch(request: Request): Promise<Response> },
  request: Request,
  read: readonly string[] = [],
): Promise<void> {
  const { webSocket: inner } = await object.fetch(request);
  if (!inner) return closeQuietly(socket, 1008, "There is nothing to watch here");
  inner.accept();
  inner.addEventListener("message", ({ data }) => sendQuietly(socket, inner, data));
  inner.addEventListener("close", ({ code, reason }) => closeQuietly(socket, isSayable(code) ? code : 1000, reason));
  inner.addEventListener("error", () => closeQuietly(socket, 1011, "The other side failed"));
  for (const text of read) sendQuietly(inner, socket, text);
  inbox.forward(
    (text) => sendQuietly(inner, socket, text),
    () => closeQuietly(inner, 1000, ""),
  );
}

/** Passes a frame on; where its receiver is gone, its sender is told so. */
function sendQuietly(to: WebSocket, from: WebSocket, data: string | ArrayBuffer): void {
  try {
    to.send(data);
  } catch {
    closeQuietly(from, 1011, "The other side is gone");
  }
}

/** A request for an object's websocket. */
export const upgradeRequest = (path: string, headers: Record<string, string> = {}): Request =>
  new Request(`http://object${path}`, { headers: { ...headers, upgrade: "websocket" } });
