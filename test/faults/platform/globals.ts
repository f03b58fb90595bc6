/**
 * The globals that production code finds in the simulation: clock, timers and dice are its own, and of the Workers runtime's own
 * there is what the objects use. The process belongs to the simulation alone; nothing is put back.
 */
import { currentLife, Gone } from "./life.ts";
import { Random } from "./random.ts";
import { SocketPair } from "./sockets.ts";
import { callOff, type Planned, type Time } from "./time.ts";

let time: Time | null = null;
let complain: (error: unknown) => void = () => {};
let dice = new Random(0, "globals");

/** Whose clock the globals show from now on, and who hears of failures that nobody has handled. */
export function liveIn(next: Time, hear: (error: unknown) => void): void {
  time = next;
  complain = hear;
  dice = new Random(0, "globals");
}

const now = (): Time => {
  if (time === null) throw new Error("Nothing is being simulated.");
  return time;
};

/** An answer that may carry a socket. Node's own refuses the status of an upgrade, which nobody looks at. */
class Answer extends Response {
  override readonly webSocket: WebSocket | null;

  constructor(
    body?: BodyInit | null,
    { webSocket = null, ...init }: ResponseInit & { webSocket?: WebSocket | null } = {},
  ) {
    super(body, webSocket ? {} : init);
    this.webSocket = webSocket;
  }
}

class AutoResponse {
  readonly request: string;
  readonly response: string;

  constructor(request: string, response: string) {
    this.request = request;
    this.response = response;
  }
}

function setTimer(ring: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]): Planned {
  const owner = currentLife();
  if (owner) owner.timers += 1;
  const planned = now().after(milliseconds, () => {
    if (!owner) return ring(...args);
    owner.timers -= 1;
    if (owner.alive) owner.run(() => ring(...args));
  });
  return Object.assign(planned, { owner });
}

function clearTimer(planned: (Planned & { owner?: { timers: number } }) | null | undefined): void {
  if (!planned?.happen) return;
  if (planned.owner) planned.owner.timers -= 1;
  callOff(planned);
}

/** Takes the process over. */
export function installGlobals(): void {
  Object.assign(globalThis, {
    setTimeout: setTimer,
    clearTimeout: clearTimer,
    WebSocketPair: SocketPair,
    WebSocketRequestResponsePair: AutoResponse,
    Response: Answer,
  });
  Date.now = () => now().wall;
  Math.random = () => dice.next();
  process.on("unhandledRejection", (reason: unknown) => {
    if (!(reason instanceof Gone)) complain(reason);
  });
}
