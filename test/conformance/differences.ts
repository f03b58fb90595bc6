/**
 * Every known difference between what Prefect's server answered in the recordings and what this service answers, with its
 * reason. A difference that is not listed fails the replay, and so does an entry that no longer differs.
 */
export interface Known {
  /** The operation, ids left out: `POST /flow_runs/`. */
  on: string;
  /** JSON pointer into the answer, list positions as `*`; or `status`. */
  at: string;
  reason: string;
}

const VERSION =
  "Runs say which version their deployment was, as the cloud's wire does: the client describes a version to every server.";
const JOB_VARIABLES =
  "A run carries the job variables that it begins with, its deployment's among them, whatever becomes of the deployment meanwhile.";

export const differences: readonly Known[] = [
  {
    on: "POST /v2/concurrency_limits/increment",
    at: "/detail",
    reason: "Prefect says «Locked»; here a sentence says which limit it is, and when to come again.",
  },
  {
    on: "POST /v2/concurrency_limits/increment-with-lease",
    at: "/detail",
    reason: "Prefect says «Locked»; here a sentence says which limit it is, and when to come again.",
  },
  ...["POST /deployments/{id}/create_flow_run", "GET /flow_runs/{id}"].flatMap((on) => [
    { on, at: "/deployment_version_id", reason: VERSION },
    { on, at: "/job_variables/env", reason: JOB_VARIABLES },
  ]),
  { on: "POST /deployments/get_scheduled_flow_runs", at: "/*/deployment_version_id", reason: VERSION },
  { on: "POST /work_pools/pp/get_scheduled_flow_runs", at: "/*/flow_run/deployment_version_id", reason: VERSION },
  { on: "POST /work_pools/pp/get_scheduled_flow_runs", at: "/*/flow_run/job_variables/env", reason: JOB_VARIABLES },
  {
    on: "POST /work_pools/pp/get_scheduled_flow_runs",
    at: "/*/flow_run/work_queue_name",
    reason: "Prefect leaves out the queue's name in this answer alone.",
  },
  {
    on: "POST /flow_runs/{id}/set_state",
    at: "/details/reason",
    reason: "The same reason in other words: a scheduled run has nothing that would have to be ended.",
  },
  {
    on: "GET /work_pools/pp",
    at: "/detail",
    reason:
      "What is not there is told in one sentence for all things, which does not repeat the name that was asked for.",
  },
  {
    on: "socket /events/out",
    at: "before prefect.flow-run.Pending",
    reason:
      "Prefect has not stored the event of the run's first state when the client asks for past ones a moment later.",
  },
];
