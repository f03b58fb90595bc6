/** What Prefect's client sends for a run, with all its fields: measured servers read what they will read in use. */

const DETAILS = {
  task_run_id: null,
  child_flow_run_id: null,
  scheduled_time: null,
  cache_key: null,
  cache_expiration: null,
  deferred: null,
  untrackable_result: false,
  pause_timeout: null,
  pause_reschedule: false,
  pause_key: null,
  run_input_keyset: null,
  refresh_cache: null,
  retriable: null,
  task_parameters_id: null,
  traceparent: null,
  deployment_concurrency_lease_id: null,
};

/** The body that creates a run of a flow. */
export function createBody(flow: string): string {
  return JSON.stringify({
    state: { type: "PENDING", name: "Pending", message: null, state_details: { traceparent: null }, data: null },
    name: null,
    flow_id: flow,
    flow_version: "26209164427883d1dbed7dd3c89229e9",
    parameters: { who: "world", count: 3 },
    context: {},
    parent_task_run_id: null,
    empirical_policy: { retries: 1, retry_delay: 0 },
    tags: ["bench"],
  });
}

/** The body that proposes a state. Each has an id of its own, as the client's do. */
export function stateBody(run: string, type: "RUNNING" | "COMPLETED"): string {
  return JSON.stringify({
    state: {
      type,
      name: type === "RUNNING" ? "Running" : "Completed",
      message: null,
      state_details: { ...DETAILS, flow_run_id: run, transition_id: crypto.randomUUID() },
      data: null,
    },
    force: false,
  });
}
