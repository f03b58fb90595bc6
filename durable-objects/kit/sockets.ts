/**
 * Hibernating websockets of an object: they cost nothing while nobody speaks.
 *
 * What an object must know of a socket lies in the socket's attachment, and so survives hibernation and eviction.
 */

/** Takes the object's end of a socket and answers the upgrade. `tags` find it again; `attachment` is at most 16 KB of JSON. */
export function acceptSocket(...given: Parameters<typeof openSocket>): Response {
  return openSocket(...given).response;
}

/** The same, for an object that holds on to its end. */
export function openSocket(
  ctx: DurableObjectState,
  tags: string[],
  attachment: unknown,
  first: readonly unknown[] = [],
): { socket: WebSocket; response: Response } {
  const { 0: client, 1: server } = new WebSocketPair();
  ctx.acceptWebSocket(server, tags);
  server.serializeAttachment(attachment);
  for (const frame of first) send(server, frame);
  return { socket: server, response: new Response(null, { status: 101, webSocket: client }) };
}

/** Sends a frame; a socket that is gone is no reason to fail, its close event comes by itself. */
export function send(socket: WebSocket, frame: unknown): void {
  try {
    socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  } catch {
    // Closed meanwhile.
  }
}

/** Closes without caring whether it is closed already. */
export function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.slice(0, 120));
  } catch {
    // Closed meanwhile.
  }
}
