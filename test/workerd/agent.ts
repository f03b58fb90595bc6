/** An agent of a work pool for tests inside the Workers runtime: a socket at the pool's own object. */
import type { AgentHello, ServerAssign } from "@millrace/contract/channels/agent.ts";
import { uuidv7 } from "uuidv7";
import type { Owner } from "../../durable-objects/flow-run/rpc.ts";
import type { Bearer } from "../../durable-objects/work-pool/agent-lines.ts";
import { testEnv } from "./env.ts";
import { TestSocket } from "./socket.ts";

export const poolStub = (owner: Owner, pool: string): DurableObjectStub =>
  testEnv.WORK_POOL.get(testEnv.WORK_POOL.idFromName(`${owner.workspace}/${pool}`));

/** A socket that said nothing yet but that it may be there. */
export async function connect(owner: Owner, pool: string, bearer: Partial<Bearer> = {}): Promise<TestSocket> {
  const tenant = { ...owner, account: "account", key: null, expires: null, ...bearer };
  const headers = { upgrade: "websocket", "x-millrace-tenant": JSON.stringify(tenant) };
  const { webSocket, status } = await poolStub(owner, pool).fetch("http://pool/agent", { headers });
  if (!webSocket) throw new Error(String(status));
  const socket = new TestSocket(webSocket);
  await expectFrame(socket, "auth_success");
  return socket;
}

type Claim = Pick<ServerAssign, "run_id" | "generation">;

export class TestAgent {
  readonly socket: TestSocket;
  readonly id: string;
  readonly session: { id: string; generation: number };
  /** Of what it said it runs, what is no longer its own. */
  readonly lost: Claim[];
  readonly leaseSeconds: number;

  private constructor(socket: TestSocket, id: string, welcome: { session: never; lost: never; lease_seconds: number }) {
    this.socket = socket;
    this.id = id;
    this.session = welcome.session;
    this.lost = welcome.lost;
    this.leaseSeconds = welcome.lease_seconds;
  }

  /** Connects and says hello. */
  static async start(
    owner: Owner,
    pool: string,
    wishes: Partial<AgentHello> = {},
    bearer: Partial<Bearer> = {},
  ): Promise<TestAgent> {
    const socket = await connect(owner, pool, bearer);
    const agent = wishes.agent ?? { id: uuidv7(), name: "agent", version: "1" };
    socket.send({ type: "hello", v: 1, slots: 1, running: [], ...wishes, agent });
    return new TestAgent(socket, agent.id, await expectFrame(socket, "welcome"));
  }

  /** The next assignment. */
  assigned(): Promise<ServerAssign> {
    return expectFrame(this.socket, "assign");
  }

  accept({ run_id, generation }: Claim): void {
    this.socket.send({ type: "accept", run_id, generation });
  }

  finished({ run_id, generation }: Claim, exit_code: number | null = 0, signal: string | null = null): void {
    this.socket.send({ type: "finished", run_id, generation, exit_code, signal });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: frames have every shape.
export async function expectFrame(socket: TestSocket, type: string): Promise<any> {
  const frame = await socket.next();
  if (frame.type !== type) throw new Error(`A frame of type ${type} was expected, not ${JSON.stringify(frame)}`);
  return frame;
}
