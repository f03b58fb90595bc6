/**
 * One claim of this agent: from the assignment to the end of its process.
 *
 * A1  Nothing is asked of the server between an assignment and the start of the process when the bundle is on this disk.
 * A2  A claim that was lost is killed at once, and nothing is reported for it.
 * A3  The process reports how its run ended; where it could not, the agent does, with the run's own token.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ServerAssign } from "@millrace/contract/channels/agent.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import type { Ended, StartOrder, Work } from "../infrastructure/infrastructure.ts";
import { connect } from "../sdk/api/connect.ts";
import { retryingFetch } from "../sdk/api/retrying-fetch.ts";
import { describe } from "../sdk/errors.ts";
import { type Proposal, propose } from "../sdk/propose-state.ts";
import { LogSink } from "../sdk/report/log-sink.ts";
import type { BundleStore } from "./bundle-store.ts";
import { runEnvironment } from "./environment.ts";
import { OutputRelay } from "./output-relay.ts";
import { guarded, prefectEnvironment, programOf } from "./program.ts";
import { type BundleOrder, EXIT, encodeOrder, type WireRun } from "./run-order.ts";
import type { WarmPool } from "./warm-pool.ts";

/** How long the agent tries to report for a process that could not, in milliseconds. */
const REPORT_BUDGET_MS = 300_000;
/** How long the code of a run is tried to be fetched. */
const FETCH_BUDGET_MS = 60_000;
/** Between SIGTERM and SIGKILL when the agent itself has to go. */
const SHUTDOWN_GRACE_MS = 5_000;

/** What every run of an agent shares. */
export interface RunSetting {
  apiUrl: string;
  /** Where processes are started. */
  warm: WarmPool;
  bundles: BundleStore;
  /** Folder in which each run gets one of its own. */
  runsFolder: string;
  /** The program and first arguments of the process of a bundle's run. */
  command: readonly [string, ...string[]];
  /** The Python that has Prefect, for runs of Python deployments, and the program that waits for one. */
  python: readonly [string, ...string[]];
  agentEnv: NodeJS.ProcessEnv;
  passedEnv: readonly string[];
  /** Between SIGTERM and SIGKILL when a run is cancelled. */
  graceMs: number;
  log: (text: string) => void;
}

export type RunEnd = { kind: "ended"; ended: Ended } | { kind: "handed-back"; reason: string } | { kind: "lost" };

export class AssignedRun {
  readonly runId: string;
  readonly generation: number;
  readonly name: string;
  /** Never rejects. */
  readonly end: Promise<RunEnd>;
  readonly #assignment: ServerAssign;
  readonly #setting: RunSetting;
  #work: Work | null = null;
  #wish: "none" | "cancel" | "hand-back" | "shut-down" | "lose" = "none";

  constructor(assignment: ServerAssign, setting: RunSetting) {
    this.#assignment = assignment;
    this.#setting = setting;
    this.runId = assignment.run_id;
    this.generation = assignment.generation;
    this.name = assignment.flow_run.name;
    this.end = this.#live();
  }

  /** The process is there; before that the run can be handed back. */
  get started(): boolean {
    return this.#work !== null;
  }

  /** Ends the run because somebody cancelled it. */
  cancel(): void {
    if (this.#wish !== "none") return;
    this.#wish = "cancel";
    void this.#work?.stop(this.#graceMs);
  }

  /** Kills the process: the claim is another's. */
  lose(): void {
    this.#wish = "lose";
    this.#work?.kill();
  }

  /** Gives the run back if its process was not started yet. */
  handBack(): void {
    if (!this.started && this.#wish === "none") this.#wish = "hand-back";
  }

  /** Ends the run because the agent has to go: first the reason is reported, so that it is what people read. */
  async shutDown(): Promise<void> {
    if (this.#wish === "lose") return;
    this.#wish = "shut-down";
    if (!this.#work) return;
    await this.#report(
      { type: "CRASHED", message: "The agent was shut down while the run was under way." },
      SHUTDOWN_GRACE_MS,
    );
    await this.#work.stop(SHUTDOWN_GRACE_MS);
  }

  async #live(): Promise<RunEnd> {
    const folder = join(this.#setting.runsFolder, `${this.runId}-${this.generation}`);
    try {
      const ended = await this.#execute(folder);
      if (this.#wish === "lose") return { kind: "lost" };
      if (ended === null) return this.#notStarted();
      const proposal = this.#whatToReport(ended);
      if (proposal) await this.#report(proposal);
      return { kind: "ended", ended };
    } catch (error) {
      if (this.#wish === "lose") return { kind: "lost" };
      this.#setting.log(`${this.name} could not be started: ${describe(error)}`);
      await this.#report({ type: "CRASHED", message: `The agent could not start the run: ${describe(error)}` });
      return { kind: "ended", ended: { exitCode: null, signal: null } };
    } finally {
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
        this.#setting.log(`${folder} could not be removed: ${describe(error)}`),
      );
    }
  }

  /** Null: the process was not started, since somebody wished otherwise in time. */
  async #execute(folder: string): Promise<Ended | null> {
    const { warm, runsFolder } = this.#setting;
    // Where processes wait for their run: they leave it for the run's own folder.
    const waiting = join(runsFolder, "waiting");
    const make = (path: string) => mkdir(path, { recursive: true, mode: 0o700 });
    const [start] = await Promise.all([this.#prepare(folder, waiting), make(folder), make(waiting)]);
    if (this.#wish !== "none") return null;
    const relay = new OutputRelay(
      new LogSink(this.#api(REPORT_BUDGET_MS), this.runId, (text) => this.#setting.log(`${this.name}: ${text}`)),
      this.runId,
    );
    this.#work = await warm.start({
      ...start,
      name: this.name,
      onOutput: (stream, bytes) => relay.take(stream, bytes),
    });
    this.#obeyLateWish(this.#work);
    const ended = await this.#work.ended;
    await relay.end();
    return ended;
  }

  /** The command of the run's process, and what is handed to it. What waits for its run has in its environment nothing of it. */
  async #prepare(folder: string, waiting: string): Promise<Omit<StartOrder, "name" | "onOutput">> {
    const { apiUrl, bundles, command, python, agentEnv, passedEnv } = this.#setting;
    const { flow_run: flowRun, token, deployment } = this.#assignment;
    const program = programOf(this.#assignment);
    const wanted = { ...recordOf(deployment?.job_variables.env), ...recordOf(flowRun.job_variables?.env) };
    const env = runEnvironment({ agentEnv, passed: passedEnv, wanted });
    const own = {
      TMPDIR: folder,
      MILLRACE_API_URL: apiUrl,
      MILLRACE_API_KEY: token,
      MILLRACE_FLOW_RUN_ID: this.runId,
    };
    if (program.kind === "bundle") {
      const path = await bundles.path(program.sha256, (hash) => fetchBundle(apiUrl, token, hash));
      const bundle: BundleOrder = {
        path,
        flowName: program.flowName,
        flowRun: flowRun as unknown as WireRun,
        runningTransition: crypto.randomUUID(),
        graceMs: this.#graceMs,
      };
      return { command, env, folder: waiting, input: encodeOrder({ v: 1, env: own, folder, bundle }) };
    }
    const prefect = prefectEnvironment(this.#assignment, apiUrl);
    if (program.kind === "command")
      return {
        command: guarded(["/bin/sh", "-c", program.text]),
        env: { ...env, ...own, ...prefect.common, ...prefect.own },
        folder,
        input: null,
      };
    return {
      command: guarded(python),
      env: { ...env, ...prefect.common },
      folder: waiting,
      input: encodeOrder({ v: 1, env: { ...own, ...prefect.own }, folder, bundle: null }),
    };
  }

  /** What was wished while the process was being started. */
  #obeyLateWish(work: Work): void {
    if (this.#wish === "lose") work.kill();
    else if (this.#wish === "cancel") void work.stop(this.#graceMs);
    else if (this.#wish === "shut-down") void work.stop(SHUTDOWN_GRACE_MS);
  }

  async #notStarted(): Promise<RunEnd> {
    if (this.#wish !== "cancel") return { kind: "handed-back", reason: "The agent is shutting down." };
    await this.#report({ type: "CANCELLED", message: "Cancelled before its process was started." });
    return { kind: "ended", ended: { exitCode: null, signal: null } };
  }

  #whatToReport(ended: Ended): Proposal | null {
    if (this.#wish === "shut-down" || ended.exitCode === EXIT.told) return null;
    if (this.#wish === "cancel") return { type: "CANCELLED", message: `Its process was ended: ${manner(ended)}.` };
    return { type: "CRASHED", message: `The run's process ended before the run did: ${manner(ended)}.` };
  }

  async #report(proposal: Proposal, budgetMs = REPORT_BUDGET_MS): Promise<void> {
    try {
      if (proposal.type === "CANCELLED" && (await this.#hasEnded(budgetMs))) return;
      const verdict = await propose(this.#api(budgetMs), this.runId, proposal);
      if (verdict.kind === "replaced" && verdict.state.type === "CANCELLING") {
        await propose(this.#api(budgetMs), this.runId, { ...proposal, type: "CANCELLED" });
      }
    } catch (error) {
      this.#setting.log(`${this.name}: its end could not be reported: ${describe(error)}`);
    }
  }

  /** A run may have ended by itself while its cancellation was on its way: that end stays. */
  async #hasEnded(budgetMs: number): Promise<boolean> {
    const run = await this.#api(budgetMs)("GET /flow_runs/{id}", { params: { id: this.runId } });
    return run.state_type !== null && isTerminal(run.state_type as StateType);
  }

  #api(budgetMs: number) {
    const { token } = this.#assignment;
    return connect({ url: this.#setting.apiUrl, credential: { kind: "bearer", token } }, { budgetMs });
  }

  get #graceMs(): number {
    const wanted = this.#assignment.deployment?.job_variables.grace_seconds;
    return typeof wanted === "number" && wanted >= 0 ? Math.min(wanted, 3600) * 1000 : this.#setting.graceMs;
  }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

async function fetchBundle(apiUrl: string, token: string, sha256: string): Promise<Uint8Array> {
  const response = await retryingFetch({ budgetMs: FETCH_BUDGET_MS })(`${apiUrl}/bundles/${sha256}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`bundle ${sha256} cannot be fetched: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function manner({ exitCode, signal }: Ended): string {
  if (signal === "SIGKILL") return "killed by SIGKILL, which is also what the system does where memory runs out";
  if (signal !== null) return `killed by ${signal}`;
  if (exitCode === EXIT.unfinished) return "process.exit() was called, or nothing was left that it waited for";
  return `exit code ${exitCode}`;
}
