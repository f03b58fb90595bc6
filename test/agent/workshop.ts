/** A real service with agents and the command line, all as built, for one test file. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@millrace/contract/client.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import { ROOT } from "../gates/tree.ts";
import { cleanEnv, type Server, startServer } from "../support/server.ts";

export const CLI = join(ROOT, "agent/dist/cli/main.js");
export const FLOWS = join(ROOT, "test/agent/flows.ts");
export const POOL = "default";
/** Milliseconds for what must come about. */
const LIMIT_MS = 60_000;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface AgentProcess {
  readonly process: ChildProcess;
  /** What it said. */
  output(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-workshop-"));
  readonly #agents = new Set<AgentProcess>();
  server: Server;
  #started = 0;

  private constructor(server: Server) {
    this.server = server;
  }

  static async open(): Promise<Workshop> {
    const workshop = new Workshop(await startServer({ tmpfs: true }));
    await workshop.run("pool", "create", POOL);
    await workshop.deploy();
    return workshop;
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.signal("SIGKILL");
    await Promise.all([...this.#agents].map((agent) => agent.ended));
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get api(): Client {
    const { api_url, api_key } = this.server.local;
    return createClient({ baseUrl: api_url, token: api_key });
  }

  env(extra: Record<string, string> = {}): Record<string, string> {
    const { api_url, api_key } = this.server.local;
    return cleanEnv({
      MILLRACE_API_URL: api_url,
      MILLRACE_API_KEY: api_key,
      MILLRACE_CONFIG_HOME: join(this.folder, "config"),
      ...extra,
    });
  }

  /** A path in this workshop's folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs the command line to its end. */
  run(...args: string[]): Promise<Ran> {
    return this.runWith({}, ...args);
  }

  runWith({ env = {}, input = "" }: { env?: Record<string, string>; input?: string }, ...args: string[]): Promise<Ran> {
    const { ran, child } = this.#begin(args, env);
    // A command that ends without reading closes the pipe, and may do so first.
    child.stdin?.on("error", () => {}).end(input);
    return ran;
  }

  /** Begins the command line, for tests that do something to it. */
  begin(...args: string[]): { ran: Promise<Ran>; child: ChildProcess } {
    return this.beginWith({}, ...args);
  }

  beginWith(env: Record<string, string>, ...args: string[]): { ran: Promise<Ran>; child: ChildProcess } {
    return this.#begin(args, env);
  }

  #begin(args: readonly string[], env: Record<string, string>): { ran: Promise<Ran>; child: ChildProcess } {
    const options = { cwd: this.folder, env: this.env(env), timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
    let ended: (ran: Ran) => void = () => {};
    const ran = new Promise<Ran>((resolve) => {
      ended = resolve;
    });
    const child = execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) =>
      ended({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
    return { ran, child };
  }

  async deploy(...options: string[]): Promise<void> {
    const { code, stderr } = await this.run("deploy", FLOWS, "--pool", POOL, ...options);
    if (code !== 0) throw new Error(`millrace deploy ended with ${code}: ${stderr}`);
  }

  /** Starts an agent and resolves when it is connected; `env` replaces what it finds of the service. */
  async agent({
    pool = POOL,
    slots = 4,
    lease = "5s",
    args = [] as string[],
    name = "",
    env = {} as Record<string, string>,
  } = {}): Promise<AgentProcess> {
    const home = this.path(`agent-${++this.#started}`);
    mkdirSync(home);
    const child = spawn(
      process.execPath,
      [
        CLI,
        "agent",
        "start",
        "--pool",
        pool,
        "--slots",
        String(slots),
        "--lease",
        lease,
        "--name",
        name || `agent-${this.#started}`,
        ...args,
      ],
      {
        cwd: home,
        env: this.env({
          MILLRACE_STATE_HOME: home,
          MILLRACE_CACHE_HOME: join(home, "cache"),
          SECRET_OF_THE_MACHINE: "x",
          ...env,
        }),
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const ended = new Promise<number | string>((resolve) =>
      child.once("exit", (code, signal) => resolve(signal ?? code ?? -1)),
    );
    const agent: AgentProcess = {
      process: child,
      output: () => output,
      ended,
      signal: (signal) => void child.kill(signal),
    };
    this.#agents.add(agent);
    await until("the agent is connected", () => output.includes("Connected to pool"));
    return agent;
  }

  async start(deployment: string, parameters: Record<string, unknown> = {}): Promise<WireFlowRun> {
    const [flow_name, deployment_name = "default"] = deployment.split("/") as [string, string?];
    const { id } = await this.api("GET /deployments/name/{flow_name}/{deployment_name}", {
      params: { flow_name, deployment_name },
    });
    return this.api("POST /deployments/{id}/create_flow_run", { params: { id }, body: { parameters } });
  }

  read(id: string): Promise<WireFlowRun> {
    return this.api("GET /flow_runs/{id}", { params: { id } });
  }

  /** The run once it has ended. */
  async end(id: string): Promise<WireFlowRun> {
    let run = await this.read(id);
    await until(`run ${id} ends`, async () => {
      run = await this.read(id);
      return isTerminal(run.state_type as StateType);
    });
    return run;
  }

  /** The index follows the run: a list shows its end a moment after the run itself does. */
  async listed(id: string, type: StateType): Promise<void> {
    await until(`a list shows run ${id} as ${type}`, async () => {
      const runs = await this.api("POST /flow_runs/filter", {
        body: { flow_runs: { state: { type: { any_: [type] } } }, sort: "EXPECTED_START_TIME_DESC" },
      });
      return runs.some((run) => run.id === id);
    });
  }

  async states(id: string): Promise<string[]> {
    const states = await this.api("GET /flow_runs/{id}/states", { params: { id } });
    return states.map((state) => state.name);
  }

  async log(id: string): Promise<string[]> {
    const lines = await this.api("POST /logs/filter", {
      body: { logs: { flow_run_id: { any_: [id] } }, sort: "TIMESTAMP_ASC" },
    });
    return lines.map((line) => line.message);
  }
}

/** Waits until `condition` holds; fails, saying what did not come, when that takes too long. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The lines of a file of JSON lines that flows write; none where it is not there yet. */
export function linesOf<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
