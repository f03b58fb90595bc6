/** A run that an agent was given: in a process of its own, whose child bootstrap has loaded the bundle and calls this. */
import type { JsonObject } from "@millrace/domain/json.ts";
import { connect } from "./api/connect.ts";
import { PATIENCE } from "./attempt.ts";
import { CancelledError, describe, RunRefusedError } from "./errors.ts";
import type { FlowDefinition } from "./flow.ts";
import { policyOf, runFlow, runNameOf } from "./flow-run.ts";
import { checkInput } from "./input.ts";
import { logThreshold } from "./logger.ts";
import type { Proposal, Verdict } from "./propose-state.ts";
import { RunSession } from "./run-session.ts";

/** What the child bootstrap hands over. Plain data and promises: the two may be of different versions. */
export interface HostOrder {
  flowName: string;
  flowRun: {
    id: string;
    name: string;
    flow_id: string;
    parameters: JsonObject;
    run_count: number;
    tags: string[];
    deployment_id?: string | null;
    empirical_policy?: { retries?: number | null; retry_delay?: number | null };
  };
  apiUrl: string;
  token: string;
  /** The answer to RUNNING, proposed while the bundle was loading. */
  running: Promise<Verdict>;
  /** Aborted when the process is told to end. */
  terminated: AbortSignal;
  /** How long after that it is killed. */
  graceMs: number;
}

/** How long reports are tried for, in milliseconds, while the API does not answer: longer than any restart of it. */
const REPORT_BUDGET_MS = 600_000;

/** Of the grace, the part that user code may clean up in; the rest is for reporting. */
const CLEAN_UP_SHARE = 0.8;

/** Runs the flow to its end. Exit code 0: the API knows how it ended, or must not be told. */
export async function hostRun(order: HostOrder, flows: ReadonlyMap<string, FlowDefinition>): Promise<number> {
  const { flowRun, terminated } = order;
  const api = connect(
    { url: order.apiUrl, credential: { kind: "bearer", token: order.token } },
    { budgetMs: REPORT_BUDGET_MS },
  );
  const session: RunSession = new RunSession({
    api,
    flowRunId: flowRun.id,
    logThreshold: logThreshold(process.env),
    onTrouble: (text) => process.stderr.write(`${text}\n`),
    patience: { ...PATIENCE, cancelMs: order.graceMs * CLEAN_UP_SHARE },
    whenStopped: () => stoppedState(session, flowRun.id),
  });
  const onTerminated = () => session.stop(new CancelledError("The process was told to end."));
  if (terminated.aborted) onTerminated();
  else terminated.addEventListener("abort", onTerminated, { once: true });
  const definition = flows.get(order.flowName) as FlowDefinition;
  let told = false;
  try {
    await runFlow(definition, {
      session,
      signal: session.signal,
      run: {
        id: flowRun.id,
        name: flowRun.name,
        parameters: flowRun.parameters,
        tags: flowRun.tags,
        flow: { id: flowRun.flow_id, name: definition.name },
        deploymentId: flowRun.deployment_id ?? null,
      },
      attemptsBefore: flowRun.run_count,
      running: order.running,
      onEnded: () => {
        told = true;
      },
      input: async () => {
        const params = await checkInput(definition.name, definition.input, flowRun.parameters);
        tellOptions(session, definition, order, params);
        return params;
      },
    });
  } catch (error) {
    return exitCodeOf(error, session, told);
  }
  return 0;
}

/** What the run's creator could not know: the flow's retries and its way to name runs. */
function tellOptions(session: RunSession, definition: FlowDefinition, { flowRun }: HostOrder, params: unknown): void {
  const name = runNameOf(definition, params);
  const policy = policyOf(definition);
  const unsaid = (flowRun.empirical_policy?.retries ?? null) === null && policy.retries > 0;
  if (!unsaid && (name === null || name === flowRun.name)) return;
  session.also(
    session.api("PATCH /flow_runs/{id}", {
      params: { id: flowRun.id },
      body: { ...(name !== null && { name }), ...(unsaid && { empirical_policy: policy }) },
    }),
  );
}

/** A process is told to end by SIGTERM alone, whoever sends it; whether the run is being cancelled, the server knows. */
async function stoppedState(session: RunSession, id: string): Promise<Proposal> {
  const { state_type: type } = await session.api("GET /flow_runs/{id}", { params: { id } });
  if (type === "CANCELLING" || type === "CANCELLED") return { type: "CANCELLED" };
  return { type: "CRASHED", message: "The run's process was told to end (SIGTERM)." };
}

/** What the flow itself threw was reported before it came here; what is left is what could not be. */
function exitCodeOf(error: unknown, session: RunSession, told: boolean): number {
  if (told) return 0;
  if (session.lost || error instanceof RunRefusedError) {
    process.stderr.write(`${describe(error)}\n`);
    return 0;
  }
  process.stderr.write(`The end of the run could not be reported: ${describe(error)}\n`);
  return 1;
}
