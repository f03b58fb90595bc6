/** The API: all rows of the endpoint table, each with its handler. */
import { endpoints } from "@millrace/contract/endpoints.ts";
import { Hono } from "hono";
import { serveAccountSettings } from "./account-settings.ts";
import { serveAccounts } from "./accounts.ts";
import { serveAdmin } from "./admin.ts";
import { serveArtifacts } from "./artifacts.ts";
import { serveAuth } from "./auth.ts";
import { serveAutomations } from "./automations.ts";
import { serveBlockDocuments } from "./block-documents.ts";
import { serveBlockSchemas } from "./block-schemas.ts";
import { serveBlockTypes } from "./block-types.ts";
import { serveBundles } from "./bundles.ts";
import { serveCheckpoints } from "./checkpoints.ts";
import { serveCollections } from "./collections.ts";
import { serveDeadLetters } from "./dead-letters.ts";
import { serveDeploymentLines } from "./deployment-lines.ts";
import { serveDeploymentRuns } from "./deployment-runs.ts";
import { serveDeploymentSchedules } from "./deployment-schedules.ts";
import { serveDeployments } from "./deployments.ts";
import { serveDiagnoses } from "./diagnoses.ts";
import { serveEventLists } from "./event-lists.ts";
import { serveEvents } from "./events.ts";
import { serveFlowRunBulk } from "./flow-run-bulk.ts";
import { serveFlowRuns } from "./flow-runs.ts";
import { serveFlows } from "./flows.ts";
import { serveGlobalLimits } from "./global-limits.ts";
import { serveHooks } from "./hooks.ts";
import { serveLogs } from "./logs.ts";
import { serveOpenApi } from "./openapi.ts";
import { servePoolWorkers } from "./pool-workers.ts";
import { json } from "./refusal.ts";
import { serveRunGraphs } from "./run-graphs.ts";
import { serveRunInputs } from "./run-inputs.ts";
import { serveRunStates } from "./run-states.ts";
import { serveSavedSearches } from "./saved-searches.ts";
import { serveScheduledRuns } from "./scheduled-runs.ts";
import { serveSchemas } from "./schemas.ts";
import { type App, routingPath } from "./serve.ts";
import { serveTagLimits } from "./tag-limits.ts";
import { serveTaskRuns } from "./task-runs.ts";
import { serveTaskWorkers } from "./task-workers.ts";
import { serveUi } from "./ui.ts";
import { serveVariables } from "./variables.ts";
import { serveWebhooks } from "./webhooks.ts";
import { serveWorkPools } from "./work-pools.ts";
import { serveWorkQueues } from "./work-queues.ts";

/** Makes the API. */
export function makeApi(): App {
  const app: App = new Hono({ getPath: routingPath });
  serveAdmin(app);
  serveAuth(app);
  serveAutomations(app);
  serveAccounts(app);
  serveAccountSettings(app);
  serveFlows(app);
  serveFlowRuns(app);
  serveFlowRunBulk(app);
  serveRunInputs(app);
  serveCheckpoints(app);
  serveRunGraphs(app);
  serveRunStates(app);
  serveDiagnoses(app);
  serveTaskRuns(app);
  serveTaskWorkers(app);
  serveUi(app);
  serveSchemas(app);
  serveLogs(app);
  serveArtifacts(app);
  serveEvents(app);
  serveEventLists(app);
  serveDeployments(app);
  serveDeploymentSchedules(app);
  serveDeploymentRuns(app);
  serveDeadLetters(app);
  serveDeploymentLines(app);
  serveBundles(app);
  serveWorkPools(app);
  serveGlobalLimits(app);
  serveTagLimits(app);
  serveWorkQueues(app);
  servePoolWorkers(app);
  serveScheduledRuns(app);
  serveCollections(app);
  serveVariables(app);
  serveBlockTypes(app);
  serveBlockSchemas(app);
  serveBlockDocuments(app);
  serveWebhooks(app);
  serveHooks(app);
  serveSavedSearches(app);
  serveOpenApi(app);
  app.notFound(({ req }) => {
    if (isKnown(req.path)) return json({ detail: "Method Not Allowed" }, 405);
    const elsewhere = bySlash(req.path);
    if (!isKnown(elsewhere)) return json({ detail: "Not Found" }, 404);
    const url = new URL(req.url);
    return new Response(null, { status: 307, headers: { location: bySlash(url.pathname) + url.search } });
  });
  return app;
}

/** The same path with the slash at its end that it lacks, or without the one that it has: Prefect's server leads there. */
const bySlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : `${path}/`);

const isKnown = (path: string): boolean => PATHS.some((known) => known.test(path));

/** Paths that exist, under whatever method: another method on them is another answer than a path that does not exist. */
const PATHS = endpoints.map(({ path, base }) => {
  const pattern = path.replace(/\{id\}/g, "[0-9a-f-]{32,36}").replace(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^/api${base === "account" ? "/accounts/[^/]+" : ""}${pattern}$`);
});
