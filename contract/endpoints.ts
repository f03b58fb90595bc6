/** The table of all endpoints. Whatever serves, calls, documents or tries an operation starts here. */
import { accountSettings } from "./account-settings.ts";
import { accounts, me } from "./accounts.ts";
import { admin } from "./admin.ts";
import { artifacts } from "./artifacts.ts";
import { auth } from "./auth.ts";
import { automations } from "./automations.ts";
import { blockDocuments, blockSchemas, blockTypes } from "./blocks.ts";
import { bundles } from "./bundles.ts";
import { cancellations } from "./cancellations.ts";
import { checkpoints } from "./checkpoints.ts";
import { collections } from "./collections.ts";
import { globalLimits, tagLimits } from "./concurrency-limits.ts";
import { deadLetters } from "./dead-letters.ts";
import { deploymentLines } from "./deployment-lines.ts";
import { deploymentRuns } from "./deployment-runs.ts";
import { deploymentSchedules } from "./deployment-schedules.ts";
import { deployments } from "./deployments.ts";
import { diagnoses } from "./diagnoses.ts";
import type { BodyInputOf, EndpointRow, ParamsOf, QueryInputOf, ResultOf, RouteOf } from "./endpoint.ts";
import { events } from "./events.ts";
import { flowRunBulk } from "./flow-run-bulk.ts";
import { flowRuns } from "./flow-runs.ts";
import { flows } from "./flows.ts";
import { logs } from "./logs.ts";
import { observedStates } from "./observed-states.ts";
import { runGraphs } from "./run-graphs.ts";
import { runInputs } from "./run-inputs.ts";
import { runStates } from "./run-states.ts";
import { savedSearches } from "./saved-searches.ts";
import { schemas } from "./schemas.ts";
import { taskRuns } from "./task-runs.ts";
import { taskWorkers } from "./task-workers.ts";
import { ui } from "./ui.ts";
import { variables } from "./variables.ts";
import { hooks, webhooks } from "./webhooks.ts";
import { workPools } from "./work-pools.ts";
import { workQueues } from "./work-queues.ts";

export const resources = {
  admin,
  auth,
  automations,
  me,
  accounts,
  accountSettings,
  flows,
  flowRuns,
  flowRunBulk,
  runInputs,
  checkpoints,
  runGraphs,
  runStates,
  diagnoses,
  cancellations,
  taskRuns,
  taskWorkers,
  logs,
  artifacts,
  events,
  deployments,
  deploymentRuns,
  deploymentSchedules,
  deploymentLines,
  deadLetters,
  bundles,
  workPools,
  globalLimits,
  tagLimits,
  workQueues,
  collections,
  ui,
  schemas,
  variables,
  blockTypes,
  blockSchemas,
  blockDocuments,
  webhooks,
  hooks,
  savedSearches,
  observedStates,
} as const;

type Resources = typeof resources;
type RowOf<R> = R[keyof R];
/** Every row of the table. */
export type AnyRow = { [Name in keyof Resources]: RowOf<Resources[Name]> }[keyof Resources];

/** All rows, in the order of the table. */
export const endpoints: readonly EndpointRow[] = Object.values(resources).flatMap((rows) => Object.values(rows));

/** The names by which `client.ts` calls rows: `GET /flow_runs/{id}`. */
export type Route = RouteOf<AnyRow>;
export type RowNamed<Name extends Route> = Extract<AnyRow, { method: MethodOf<Name>; path: PathOf<Name> }>;
type MethodOf<Name> = Name extends `${infer Method} ${string}` ? Method : never;
type PathOf<Name> = Name extends `${string} ${infer Path}` ? Path : never;

export type Params<Name extends Route> = ParamsOf<RowNamed<Name>>;
export type Query<Name extends Route> = QueryInputOf<RowNamed<Name>>;
export type Body<Name extends Route> = BodyInputOf<RowNamed<Name>>;
export type Result<Name extends Route> = ResultOf<RowNamed<Name>>;
