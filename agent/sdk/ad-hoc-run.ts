/** A flow called outside of every run: a run of its own in this process, told to the API and shown on the terminal. */
import { uuidv7 } from "uuidv7";
import { connect } from "./api/connect.ts";
import { type ApiSettings, findSettings } from "./api/settings.ts";
import { createEcho, type Screen } from "./echo.ts";
import { CancelledError, describe } from "./errors.ts";
import type { FlowDefinition } from "./flow.ts";
import { labelsOf, policyOf, runFlow, runNameOf } from "./flow-run.ts";
import { checkInput, toParameters } from "./input.ts";
import { logThreshold } from "./logger.ts";
import { runPage } from "./run-page.ts";
import { RunSession } from "./run-session.ts";
import { watchForCancel } from "./watch-for-cancel.ts";

/** How long reports are tried for, in milliseconds, while the API does not answer. */
const REPORT_BUDGET_MS = 300_000;
/** How long the first calls are tried for: somebody waits for the run to begin. */
const BEGIN_BUDGET_MS = 15_000;

export interface AdHocOptions {
  settings?: ApiSettings;
  /** Where the log is shown; the terminal's error output when absent. */
  screen?: Screen;
  /** Told of the run as soon as it exists. */
  onCreated?: (run: { id: string; name: string; page: string }) => void;
}

/** Runs the flow here and gives its result. */
export async function runAdHoc(
  definition: FlowDefinition,
  input: unknown,
  options: AdHocOptions = {},
): Promise<unknown> {
  const params = await checkInput(definition.name, definition.input, input);
  const parameters = toParameters(definition.name, input);
  const settings = options.settings ?? (await findSettings());
  const begin = connect(settings, { budgetMs: BEGIN_BUDGET_MS });
  const flow = await begin("POST /flows/", { body: { name: definition.name } });
  const run = await begin("POST /flow_runs/", {
    body: {
      flow_id: flow.id,
      flow_version: definition.version,
      name: runNameOf(definition, params),
      parameters,
      state: { type: "PENDING", name: "Pending" },
      empirical_policy: policyOf(definition),
      labels: labelsOf(definition),
      tags: [...definition.tags],
      idempotency_key: uuidv7(),
    },
  });
  const page = runPage(settings.url, run.id);
  const echo = createEcho(options.screen ?? process.stderr, run.name);
  if (options.onCreated) options.onCreated({ id: run.id, name: run.name, page });
  else echo.say(`Run ${run.name} of flow ${definition.name}: ${page}`);
  const session = new RunSession({
    api: connect(settings, { budgetMs: REPORT_BUDGET_MS }),
    flowRunId: run.id,
    logThreshold: logThreshold(process.env),
    echo: echo.line,
    onTrouble: echo.say,
    whenStopped: async (reason) => ({ type: "CANCELLED", message: describe(reason) }),
  });
  const release = cancelOnSignals(session, echo.say);
  const unwatch = watchForCancel(settings, run.id, (reason) => {
    if (!session.signal.aborted) echo.say("The run is being cancelled.");
    session.stop(reason);
  });
  try {
    return await runFlow(definition, {
      session,
      signal: session.signal,
      run: {
        id: run.id,
        name: run.name,
        parameters,
        tags: run.tags,
        flow: { id: flow.id, name: definition.name },
        deploymentId: null,
      },
      attemptsBefore: 0,
      input: async () => params,
    });
  } finally {
    release();
    unwatch();
    await session.flush();
  }
}

/** The first Ctrl-C cancels the run and lets it end; the second ends the process. */
function cancelOnSignals(session: RunSession, say: (text: string) => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (session.signal.aborted) process.exit(130);
    say("Cancelling the run; once more ends this process at once.");
    session.stop(new CancelledError(`Ended by ${signal}.`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  };
}
