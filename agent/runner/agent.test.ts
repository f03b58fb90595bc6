/** The agent against a server that says what the test wants, and an infrastructure whose work ends when the test wants. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentFrame, AgentHello } from "@millrace/contract/channels/agent.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { Ended, Infrastructure, StartOrder } from "../infrastructure/infrastructure.ts";
import { RecordingApi } from "../sdk/recording-api.ts";
import { Agent, AgentRefusedError, channelUrl } from "./agent.ts";
import { BundleStore } from "./bundle-store.ts";
import { decodeOrder } from "./run-order.ts";
import { WarmPool } from "./warm-pool.ts";

const SESSION = { id: "01a20f86-5e74-7286-88d3-f67ca3f1868a", generation: 1 };
const CODE = "export {};";
const HASH = createHash("sha256").update(CODE).digest("hex");

let folder: string;
let api: RecordingApi;
let sockets: WebSocketServer;
let url: string;
let agents: Agent[];
/** Whether the server answers hellos and pings. */
let answering: boolean;

interface Line {
  socket: WebSocket;
  /** Frames and plain texts in the order in which they came. */
  frames: (AgentFrame | string)[];
}
const lines: Line[] = [];

class Works implements Infrastructure {
  readonly type = "test";
  readonly orders: StartOrder[] = [];
  readonly #ends: ((ended: Ended) => void)[] = [];
  readonly stopped: string[] = [];
  whenStopped: Ended = { exitCode: 0, signal: null };
  async start(order: StartOrder) {
    const index = this.orders.push(order) - 1;
    const ended = new Promise<Ended>((resolve) => this.#ends.push(resolve));
    return {
      place: "here",
      ended,
      taken: true,
      stop: async () => {
        this.stopped.push(`stop ${order.name}`);
        this.end(index, this.whenStopped);
      },
      kill: () => {
        this.stopped.push(`kill ${order.name}`);
        this.end(index, { exitCode: null, signal: "SIGKILL" });
      },
    };
  }
  stand(): never {
    throw new Error("Nothing is kept ready here.");
  }
  end(index: number, ended: Ended): void {
    this.#ends[index]?.(ended);
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "agent-"));
  mkdirSync(join(folder, "bundles"));
  writeFileSync(join(folder, "bundles", `${HASH}.mjs`), CODE);
  api = await RecordingApi.start();
  sockets = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: (offered) => [...offered][0] ?? false });
  await new Promise((resolve) => sockets.once("listening", resolve));
  url = `http://127.0.0.1:${(sockets.address() as { port: number }).port}/api`;
  lines.length = 0;
  agents = [];
  answering = true;
  sockets.on("connection", (socket) => {
    const line: Line = { socket, frames: [] };
    lines.push(line);
    socket.on("message", (data) => {
      const text = data.toString();
      if (text === "ping") {
        if (answering) socket.send("pong");
        line.frames.push(text);
        return;
      }
      const frame = JSON.parse(text) as AgentFrame;
      line.frames.push(frame);
      if (frame.type === "auth") socket.send('{"type":"auth_success"}');
      if (frame.type === "hello" && answering)
        say({ type: "welcome", session: SESSION, lease_seconds: frame.lease_seconds, lost: [] });
    });
  });
});

afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.end()));
  for (const { socket } of lines) socket.terminate();
  await new Promise((resolve) => sockets.close(resolve));
  await api.stop();
  rmSync(folder, { recursive: true });
});

function start(infrastructure: Infrastructure, { slots = 2, drainMs = 60_000, leaseSeconds = 30 } = {}) {
  const said: string[] = [];
  const log = (text: string) => void said.push(text);
  const agent = new Agent({
    settings: { url, credential: { kind: "bearer", token: "key" }, source: "test" },
    pool: "a pool",
    identity: { id: SESSION.id, name: "tester", release: () => {} },
    slots,
    leaseSeconds,
    drainMs,
    log,
    run: {
      apiUrl: api.url,
      warm: new WarmPool(infrastructure, { count: 0, megabytes: 0 }, log),
      bundles: new BundleStore(join(folder, "bundles")),
      runsFolder: join(folder, "runs"),
      command: ["node"],
      python: ["python3"],
      agentEnv: {},
      passedEnv: [],
      graceMs: 1000,
      log,
    },
  });
  agents.push(agent);
  return { agent, said, done: agent.work() };
}

const say = (frame: unknown) => lines.at(-1)?.socket.send(JSON.stringify(frame));
const runId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
function assign(n: number, generation = 1, parameters: Record<string, string> = {}) {
  const run = {
    id: runId(n),
    name: `run-${n}`,
    flow_id: runId(0),
    parameters,
    run_count: 0,
    tags: [],
    job_variables: {},
  };
  const deployment = {
    id: runId(0),
    name: "d",
    entrypoint: "x.mjs:f",
    path: ".",
    pull_steps: [{ "millrace.bundle": { sha256: HASH } }],
    job_variables: {},
  };
  say({ type: "assign", run_id: runId(n), generation, token: `token-${n}`, flow_run: run, flow_name: "f", deployment });
}
const types = (line = lines.at(-1)) =>
  line?.frames.map((frame) => (typeof frame === "string" ? frame : frame.type)) ?? [];
async function until(condition: () => boolean) {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`What was waited for did not come; frames: ${types().join(" ")}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("[AG48] between an assignment and the start of its process nothing is asked of the server", async () => {
  const works = new Works();
  start(works);
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  expect(api.calls).toEqual([]);
  const [order] = works.orders;
  expect(decodeOrder(order?.input ?? "")).toMatchObject({
    env: { MILLRACE_API_URL: api.url, MILLRACE_API_KEY: "token-1", MILLRACE_FLOW_RUN_ID: runId(1) },
    bundle: { flowName: "f", flowRun: { id: runId(1) } },
  });
});

test("[AG46] a run reaches its process over a pipe, whole: nothing of it is in the environment or among the arguments", async () => {
  const works = new Works();
  start(works);
  await until(() => types().includes("hello"));
  const text = "é\n".repeat(100_000);
  assign(1, 1, { text });
  await until(() => works.orders.length === 1);
  const { input, onOutput: _, name: __, ...seen } = works.orders[0] as StartOrder;
  expect(decodeOrder(input ?? "").bundle?.flowRun.parameters).toEqual({ text });
  expect(JSON.stringify(seen)).not.toMatch(/token-1|é|00000000-0000-4000/);
});

test("[AG49] runs are accepted up to the slots, the rest declined; an ended one is told of and makes room", async () => {
  const works = new Works();
  start(works, { slots: 1 });
  await until(() => types().includes("hello"));
  assign(1);
  assign(2);
  await until(() => types().includes("decline"));
  expect(lines[0]?.frames).toContainEqual({
    type: "decline",
    run_id: runId(2),
    generation: 1,
    reason: "All slots are taken.",
  });
  await until(() => works.orders.length === 1);
  works.end(0, { exitCode: 0, signal: null });
  await until(() => types().includes("finished"));
  expect(lines[0]?.frames).toContainEqual({
    type: "finished",
    run_id: runId(1),
    generation: 1,
    exit_code: 0,
    signal: null,
  });
  assign(2, 2);
  await until(() => works.orders.length === 2);
  expect(api.callsOf("POST /flow_runs/*/set_state")).toEqual([]);
});

test("[AG50] a process that ended without its run is reported as CRASHED with the run's own token, before finished", async () => {
  const works = new Works();
  start(works);
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  works.orders[0]?.onOutput("stderr", Buffer.from("Segmentation fault"));
  works.end(0, { exitCode: 139, signal: null });
  await until(() => types().includes("finished"));
  const [report] = api.callsOf("POST /flow_runs/*/set_state");
  expect(report?.headers.authorization).toBe("Bearer token-1");
  expect(report?.body).toMatchObject({ state: { type: "CRASHED", message: expect.stringContaining("exit code 139") } });
  expect(api.bodies("POST /logs/").flat()).toMatchObject([{ name: "stderr", message: "Segmentation fault" }]);
});

test("[AG50] a run that ended by itself while it was being cancelled keeps its end", async () => {
  const works = new Works();
  works.whenStopped = { exitCode: null, signal: "SIGKILL" };
  start(works);
  await until(() => types().includes("hello"));
  api.override = ({ route }) =>
    route.startsWith("GET ") ? { status: 200, body: { id: runId(1), state_type: "COMPLETED" } } : null;
  assign(1);
  await until(() => works.orders.length === 1);
  say({ type: "cancel", run_id: runId(1), generation: 1 });
  await until(() => types().includes("finished"));
  expect(api.callsOf("POST /flow_runs/*/set_state")).toEqual([]);
});

test("[AG51] after a break the session is resumed with what still runs; what the server says is lost is killed, unreported", async () => {
  const works = new Works();
  const { said } = start(works);
  await until(() => types().includes("hello"));
  assign(1);
  assign(2);
  await until(() => works.orders.length === 2);
  lines[0]?.socket.terminate();
  await until(() => lines.length === 2 && types().includes("hello"));
  expect(lines[1]?.frames).toContainEqual(
    expect.objectContaining({
      type: "hello",
      session: SESSION,
      running: [1, 2].map((n) => ({ run_id: runId(n), generation: 1 })),
    }),
  );
  expect(said.join("\n")).toContain("The line to the server is down");
  say({ type: "lost", run_id: runId(1), generation: 1 });
  await until(() => works.stopped.includes("kill run-1"));
  expect(works.stopped).toEqual(["kill run-1"]);
  expect(api.callsOf("POST /flow_runs/*/set_state")).toEqual([]);
});

test("[AG52] a frame of an older claim changes nothing; a newer claim of a run takes the place of the older", async () => {
  const works = new Works();
  start(works);
  await until(() => types().includes("hello"));
  assign(1, 2);
  await until(() => works.orders.length === 1);
  say({ type: "cancel", run_id: runId(1), generation: 1 });
  say({ type: "lost", run_id: runId(1), generation: 1 });
  assign(1, 1);
  assign(1, 3);
  await until(() => works.orders.length === 2);
  expect(works.stopped).toEqual(["kill run-1"]);
});

test("[AG53] an idle agent sends nothing but pings", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  try {
    start(new Works());
    await until(() => types().includes("hello"));
    for (let pings = 1; pings <= 3; pings++) {
      await until(() => vi.getTimerCount() > 0);
      await vi.advanceTimersByTimeAsync(10_000);
      await until(() => types().length >= 2 + pings);
    }
    expect(types()).toEqual(["auth", "hello", "ping", "ping", "ping"]);
  } finally {
    vi.useRealTimers();
  }
});

test("[AG53] an agent with runs renews its lease", async () => {
  const works = new Works();
  start(works, { leaseSeconds: 0.3 });
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => types().filter((type) => type === "renew").length >= 3);
  expect(works.stopped).toEqual([]);
});

test("[AG54] a run whose lease cannot be renewed is killed before the lease is over, and nothing is reported", async () => {
  const works = new Works();
  const { said } = start(works, { leaseSeconds: 0.3 });
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  await new Promise<void>((resolve) => {
    sockets.close(() => resolve());
    lines[0]?.socket.terminate();
  });
  await until(() => works.stopped.includes("kill run-1"));
  expect(said.join("\n")).toContain("The lease ran out");
  expect(api.calls).toEqual([]);
  sockets = new WebSocketServer({ host: "127.0.0.1", port: 0 });
});

test("[AG55] an agent that drains says so, takes nothing, and is done when its last run is", async () => {
  const works = new Works();
  const { agent, done } = start(works);
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  agent.drain();
  assign(2);
  await until(() => types().includes("decline"));
  expect(types()).toContain("drain");
  works.end(0, { exitCode: 0, signal: null });
  await done;
  await until(() => types().includes("finished"));
});

test("[AG56] an agent that is refused at its first connection ends; later it keeps trying", async () => {
  sockets.on("connection", (socket) => socket.close(1002, "This credential is not valid"));
  const { done } = start(new Works());
  await expect(done).rejects.toThrow(AgentRefusedError);
});

test("[AG58] an agent whose key was revoked says so, ends its runs, and then itself", async () => {
  const works = new Works();
  const { done, said } = start(works);
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  const refused = expect(done).rejects.toMatchObject({
    status: 401,
    message: "The API key of this agent was revoked.",
  });
  say({ type: "error", reason: "The API key of this agent was revoked." });
  lines[0]?.socket.close(4401, "The API key of this agent was revoked.");
  await refused;
  expect(works.stopped).toEqual(["stop run-1"]);
  expect(said.join("\n")).toContain("The API key of this agent was revoked. Its 1 runs are ended.");
  expect(lines.length).toBe(1);
});

test("[AG54] a lease that runs out while the server is slow to welcome leaves nothing behind that nobody runs", async () => {
  const works = new Works();
  start(works, { leaseSeconds: 1 });
  await until(() => types().includes("hello"));
  assign(1);
  await until(() => works.orders.length === 1);
  answering = false;
  lines[0]?.socket.terminate();
  const hellos = () => lines.slice(1).flatMap(({ frames }) => frames.filter(isHello));
  await until(() => hellos().length >= 2);
  expect(works.stopped).toContain("kill run-1");
  // The first still showed the run, and the server may believe it for ever; the next one says that it is gone.
  expect(hellos().map(({ running }) => running.length)).toEqual([1, 0]);
});

const isHello = (frame: AgentFrame | string): frame is AgentHello =>
  typeof frame === "object" && frame.type === "hello";

test("[AG57] the channel's address is the API's own", () => {
  expect(channelUrl("https://h.example/api/accounts/a/workspaces/w", "a b")).toBe(
    "wss://h.example/api/accounts/a/workspaces/w/agents/connect?pool=a+b",
  );
});
