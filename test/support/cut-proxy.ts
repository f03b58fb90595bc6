/**
 * A TCP proxy between a client and a service on this machine, whose ways can be cut each by itself: `up` is what the client says,
 * `down` what it is told.
 *
 * - A cut way takes what it is given and passes nothing on, not even the end of a connection: neither side learns of it.
 * - `late`: what was said meanwhile arrives when the way is mended, in order, whether or not its sender still lives.
 * - `lost`: it never does, and a connection that lost something is broken off then.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export type Way = "up" | "down";
export type Cut = "late" | "lost";

/** One way of one connection. */
class Pipe {
  readonly #to: Socket;
  readonly #gap: () => void;
  readonly #kept: Buffer[] = [];
  #ended = false;
  #cut: Cut | null;
  #lost = false;

  constructor(from: Socket, to: Socket, cut: Cut | null, gap: () => void) {
    this.#to = to;
    this.#cut = cut;
    this.#gap = gap;
    from.on("data", (bytes) => {
      if (this.#cut === null) to.write(bytes);
      else if (this.#cut === "late") this.#kept.push(bytes);
      else this.#lost = true;
    });
    const over = () => {
      this.#ended = true;
      if (this.#cut === null) to.end();
    };
    // An error is an end, too, which a close follows: the other side sees that the line is over.
    from
      .on("error", () => {})
      .on("end", over)
      .on("close", over);
  }

  cut(how: Cut | null): void {
    this.#cut = how;
    if (how !== null) return;
    if (this.#lost) this.#gap();
    for (const bytes of this.#kept.splice(0)) this.#to.write(bytes);
    if (this.#ended) this.#to.end();
  }
}

export class CutProxy {
  readonly #server: Server;
  readonly #pipes: Record<Way, Set<Pipe>> = { up: new Set(), down: new Set() };
  readonly #cuts: Record<Way, Cut | null> = { up: null, down: null };
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const service = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      const sockets = [client, service];
      for (const socket of sockets) this.#sockets.add(socket.setNoDelay(true));
      const broken = () => {
        for (const socket of sockets) socket.resetAndDestroy();
      };
      const pipes: [Way, Pipe][] = [
        ["up", new Pipe(client, service, this.#cuts.up, broken)],
        ["down", new Pipe(service, client, this.#cuts.down, broken)],
      ];
      for (const [way, pipe] of pipes) this.#pipes[way].add(pipe);
    });
  }

  /** A proxy on a free port for the service on `port`. */
  static async before(port: number): Promise<CutProxy> {
    const proxy = new CutProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(ways: readonly Way[], how: Cut): void {
    for (const way of ways) this.#set(way, how);
  }

  mend(): void {
    for (const way of ["up", "down"] as const) this.#set(way, null);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #set(way: Way, how: Cut | null): void {
    this.#cuts[way] = how;
    for (const pipe of this.#pipes[way]) pipe.cut(how);
  }
}
