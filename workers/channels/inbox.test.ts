import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Inbox, readFrame } from "./inbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server's end of a websocket, as far as an inbox sees it. */
class FakeSocket extends EventTarget {
  readonly closes: [number, string][] = [];

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }

  comes(data: unknown): void {
    this.dispatchEvent(
      new MessageEvent("message", {
        data: typeof data === "object" && !ArrayBuffer.isView(data) ? JSON.stringify(data) : data,
      }),
    );
  }

  leaves(): void {
    this.dispatchEvent(new Event("close"));
  }
}

function open(): { socket: FakeSocket; inbox: Inbox } {
  const socket = new FakeSocket();
  return { socket, inbox: new Inbox(socket as unknown as WebSocket) };
}

test("[AP11] frames that came before somebody read are read in order, then those that come", async () => {
  const { socket, inbox } = open();
  socket.comes({ at: 1 });
  socket.comes({ at: 2 });
  expect(await inbox.next(1000)).toEqual({ at: 1 });
  expect(await inbox.next(1000)).toEqual({ at: 2 });
  const third = inbox.next(1000);
  socket.comes({ at: 3 });
  expect(await third).toEqual({ at: 3 });
});

test("[AP11] who waits too long, or whose socket closes, reads null", async () => {
  const { socket, inbox } = open();
  const late = inbox.next(1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await late).toBeNull();
  const closed = inbox.next(1000);
  socket.leaves();
  expect(await closed).toBeNull();
  expect(await inbox.next(1000)).toBeNull();
});

test("[AP11] whoever takes over gets what waits, then all that comes, and hears of the end once", () => {
  const { socket, inbox } = open();
  const heard: string[] = [];
  socket.comes("1");
  inbox.forward(
    (text) => heard.push(text),
    () => heard.push("closed"),
  );
  socket.comes("2");
  socket.leaves();
  socket.leaves();
  socket.comes("3");
  expect(heard).toEqual(["1", "2", "closed"]);
});

test("[AP11] all who listen hear of the end, also one who comes after it", () => {
  const { socket, inbox } = open();
  const ended: string[] = [];
  for (const name of ["first", "second"])
    inbox.forward(
      () => {},
      () => ended.push(name),
    );
  socket.leaves();
  inbox.forward(
    () => {},
    () => ended.push("late"),
  );
  expect(ended).toEqual(["first", "second", "late"]);
});

test.each<[string, unknown]>([
  ["[AP11] bytes", new Uint8Array([123, 125])],
  ["[AP11] a Blob, as newer runtimes hand bytes over", new Blob(["{}"])],
])("%s close the socket", async (_case, data) => {
  const { socket, inbox } = open();
  const next = inbox.next(1000);
  socket.dispatchEvent(new MessageEvent("message", { data }));
  expect(socket.closes[0]).toEqual([1002, "Frames are JSON text, not bytes"]);
  expect(await next).toBeNull();
});

test.each<[string, number, string]>([
  ["[AP11] frames without end", 10_001, "x"],
  ["[AP11] megabytes", 9, "x".repeat(1024 * 1024)],
])("%s before anybody reads close the socket, and nothing is kept", async (_case, count, frame) => {
  const { socket, inbox } = open();
  for (let sent = 0; sent < count; sent++) socket.comes(frame);
  expect(socket.closes[0]).toEqual([1008, "Too many frames before the first answer"]);
  socket.comes({ at: 1 });
  expect(await inbox.next(1000)).toBeNull();
});

test.each<[string, string, object | null]>([
  ["[AP11] an object", '{"type":"auth"}', { type: "auth" }],
  ["[AP11] a list", "[1]", null],
  ["[AP11] null", "null", null],
  ["[AP11] text", '"auth"', null],
  ["[AP11] no JSON", "{", null],
])("%s is read as a frame or as none", (_case, text, expected) => {
  expect(readFrame(text)).toEqual(expected);
});

test("[AP11] [LI9] a client that is let in and never stops talking is closed with the reason, and not heard any more", () => {
  const { socket, inbox } = open();
  let heard = 0;
  inbox.forward(
    () => {
      heard += 1;
    },
    () => {},
  );
  for (let sent = 0; sent < 50_000; sent++) socket.comes("{}");
  expect(heard).toBe(30_000);
  expect(socket.closes[0]).toEqual([1013, expect.stringContaining("10000 frames")]);
});

test.each([
  ["[AP11] of plain letters", "x", 2 * 1024 * 1024],
  ["[AP11] of letters that take three bytes", "€", Math.floor((2 * 1024 * 1024) / 3)],
])("%s a frame of 2 MiB is read, a longer one closes the socket with 1009 and why", (_case, letter, most) => {
  const { socket, inbox } = open();
  const heard: number[] = [];
  inbox.forward(
    (text) => void heard.push(text.length),
    () => undefined,
  );
  socket.comes(letter.repeat(most));
  expect(socket.closes).toEqual([]);
  socket.comes(letter.repeat(most + 1));
  socket.comes("after it");
  expect(socket.closes[0]).toEqual([1009, expect.stringContaining("at most 2 MiB")]);
  expect(heard).toEqual([most]);
});
