/** Joins a client's socket to an object's: what one says, the other hears, until either leaves. */
import { closeQuietly, type Client } from "./handshake.ts";

/** Codes that a close frame may carry on; others mean that no close frame came. */
const SAYABLE = (code: number): boolean =>
  code === 1000 || (code >= 1002 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || code >= 3000;

/** Opens the object's end and joins it. The object answers 101, or there is nothing to watch. */
export async function bridge(
  { socket }: Client,
  object: { fetch(request: Request): Promise<Response> },
  request: Request,
): Promise<void> {
  const { webSocket: inner } = await object.fetch(request);
  if (!inner) return closeQuietly(socket, 1008, "There is nothing to watch here");
  inner.accept();
  join(socket, inner);
  join(inner, socket);
}

function join(from: WebSocket, to: WebSocket): void {
  from.addEventListener("message", ({ data }) => {
    try {
      to.send(data as string);
    } catch {
      closeQuietly(from, 1011, "The other side is gone");
    }
  });
  from.addEventListener("close", ({ code, reason }) => closeQuietly(to, SAYABLE(code) ? code : 1000, reason));
  from.addEventListener("error", () => closeQuietly(to, 1011, "The other side failed"));
}

/** A request for an object's websocket. */
export const upgradeRequest = (path: string, headers: Record<string, string> = {}): Request =>
  new Request(`http://object${path}`, { headers: { ...headers, upgrade: "websocket" } });
