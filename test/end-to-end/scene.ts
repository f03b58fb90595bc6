/**
 * What browser tests look at: flows, runs, tasks, logs and artifacts, made over the API as clients make them.
 * Nothing here is known to the pages otherwise.
 */
import { randomUUID } from "node:crypto";
import { type Client, createClient } from "@millrace/contract/client.ts";
import type { Body } from "@millrace/contract/endpoints.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { uuidv7 } from "uuidv7";
import type { Local } from "../support/server.ts";

export type Told = { type: StateType; name?: string; message?: string };

export const clientOf = (local: Pick<Local, "api_url" | "api_key">): Client =>
  createClient({ baseUrl: local.api_url, token: local.api_key });

/** The name that a state has when nobody gave it another. */
const nameOf = (state: Told): string => state.name ?? state.type[0] + state.type.slice(1).toLowerCase();

export async function makeFlow(api: Client, name: string): Promise<string> {
  return (await api("POST /flows/", { body: { name } })).id;
}

type DeploymentWish = Omit<Body<"POST /deployments/">, "flow_id" | "name">;

export async function makeDeployment(
  api: Client,
  flow: string,
  name: string,
  wish: DeploymentWish = {},
): Promise<string> {
  return (await api("POST /deployments/", { body: { ...wish, flow_id: flow, name } })).id;
}

/** A pool for agents that may never come. */
export async function makePool(api: Client, name: string, description: string | null = null): Promise<string> {
  return (await api("POST /work_pools/", { body: { name, type: "process", description } })).name;
}

/** Parameters of every kind that a form has a field for. */
export const PARAMETER_SCHEMA = {
  type: "object",
  required: ["urls", "mode"],
  properties: {
    urls: {
      title: "Addresses",
      type: "array",
      items: { type: "string" },
      description: "What is fetched.",
      position: 0,
    },
    locale: { title: "Locale", type: "string", default: "en", position: 1 },
    mode: { title: "Mode", enum: ["fast", "safe"], position: 2 },
    limit: { title: "Limit", anyOf: [{ type: "integer" }, { type: "null" }], default: null, position: 3 },
    strict: { title: "Strict", type: "boolean", default: true, position: 4 },
    token: { title: "Token", type: "string", writeOnly: true, position: 5 },
  },
};

export interface RunWish {
  flow: string;
  deployment?: string;
  name: string;
  tags?: string[];
  parameters?: Record<string, unknown>;
  retries?: number;
  /** The states after PENDING, in order. */
  states?: Told[];
}

/** Makes a run and leads it through its states. Answers its id. */
export async function makeRun(
  api: Client,
  { flow, deployment, name, tags = [], parameters = {}, retries = 0, states = [] }: RunWish,
): Promise<string> {
  const run = await api("POST /flow_runs/", {
    body: {
      flow_id: flow,
      deployment_id: deployment ?? null,
      name,
      tags,
      parameters,
      empirical_policy: { retries, retry_delay: 0 },
      state: { type: "PENDING", name: "Pending" },
    },
  });
  for (const state of states) await setState(api, run.id, state);
  return run.id;
}

export async function setState(api: Client, id: string, state: Told, force = false): Promise<void> {
  await api("POST /flow_runs/{id}/set_state", {
    params: { id },
    body: { state: { type: state.type, name: nameOf(state), message: state.message ?? null }, force },
  });
}

export interface Line {
  message: string;
  level?: number;
  task?: string;
  /** Milliseconds since 1970; now by default. */
  at?: number;
}

export async function writeLog(api: Client, run: string, lines: Line[]): Promise<void> {
  await api("POST /logs/", {
    body: lines.map(({ message, level = 20, task, at = Date.now() }) => ({
      name: task ? "millrace.task_runs" : "millrace.flow_runs",
      level,
      message,
      timestamp: new Date(at).toISOString(),
      flow_run_id: run,
      task_run_id: task ?? null,
    })),
  });
}

export interface TaskWish {
  run: string;
  name: string;
  tags?: string[];
  /** Task runs that it waited for. */
  after?: string[];
  /** Its states with their times, milliseconds since 1970. */
  states: (Told & { at: number })[];
}

/** Tells of a task run's life by events, as the SDKs do. Answers its id. */
export async function tellTask(api: Client, wish: TaskWish): Promise<string> {
  const [id] = await tellTasks(api, [wish]);
  return id!;
}

export async function tellTasks(api: Client, wishes: TaskWish[]): Promise<string[]> {
  const told = wishes.map(taskEvents);
  const events = told.flatMap(({ events: all }) => all);
  for (let from = 0; from < events.length; from += 500)
    await api("POST /events", { body: events.slice(from, from + 500) });
  return told.map(({ id }) => id);
}

function taskEvents({ run, name, tags = [], after = [], states }: TaskWish) {
  const id = uuidv7();
  const iso = (at: number): string => new Date(at).toISOString();
  const expected = states[0]!.at;
  let started: number | null = null;
  let since: number | null = null;
  let ran = 0;
  let count = 0;
  let follows: string | null = null;
  const key = randomUUID();
  const events = states.map((state, n) => {
    if (since !== null) ran += state.at - since;
    since = state.type === "RUNNING" ? state.at : null;
    if (state.type === "RUNNING") {
      started ??= state.at;
      count += 1;
    }
    const over = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"].includes(state.type);
    const event = {
      occurred: iso(state.at),
      event: `prefect.task-run.${nameOf(state)}`,
      resource: {
        "prefect.resource.id": `prefect.task-run.${id}`,
        "prefect.resource.name": name,
        "prefect.run-count": String(count),
        "prefect.state-message": state.message ?? "",
        "prefect.state-name": nameOf(state),
        "prefect.state-timestamp": iso(state.at),
        "prefect.state-type": state.type,
        "prefect.orchestration": "client",
      },
      related: [
        {
          "prefect.resource.id": `prefect.flow-run.${run}`,
          "prefect.resource.role": "flow-run",
          "prefect.resource.name": "run",
        },
      ],
      payload: {
        intended: { from: states[n - 1]?.type ?? null, to: state.type },
        initial_state: null,
        validated_state: {
          type: state.type,
          name: nameOf(state),
          message: state.message ?? "",
          state_details: {},
          data: null,
        },
        task_run: {
          name,
          task_key: `${name.replace(/-[^-]*$/, "")}-key`,
          dynamic_key: key,
          empirical_policy: { max_retries: 0, retry_delay_seconds: 0, retries: 0, retry_delay: 0 },
          tags,
          labels: {},
          task_inputs: { url: after.map((id) => ({ input_type: "task_run", id })), locale: [] },
          run_count: count,
          flow_run_run_count: 1,
          expected_start_time: iso(expected),
          ...(started === null ? {} : { start_time: iso(started) }),
          ...(over ? { end_time: iso(state.at) } : {}),
          total_run_time: ran / 1000,
        },
      },
      id: uuidv7(),
      follows,
    };
    follows = event.id;
    return event;
  });
  return { id, events };
}

const SECOND = 1000;

/** A task that waited, ran and ended, `from` and `to` in milliseconds of today. */
export const finished = (
  run: string,
  name: string,
  wait: number,
  from: number,
  to: number,
  end: Told = { type: "COMPLETED" },
): TaskWish => ({
  run,
  name,
  states: [
    { type: "PENDING", at: wait },
    { type: "RUNNING", at: from },
    { ...end, at: to },
  ],
});

export interface Scene {
  flow: string;
  deployment: string;
  pool: string;
  completed: string;
  failed: string;
  running: string;
  retried: string;
  cancelled: string;
  waiting: string;
  /** A task run of the failed run. */
  task: string;
}

/** A workspace as after a morning's work: one run of every kind, and one of each rich enough to look at. */
export async function paintScene(api: Client): Promise<Scene> {
  const [ingest, report, sweep] = await Promise.all(
    ["ingest", "daily-report", "sweep-temp-files"].map((name) => makeFlow(api, name)),
  );
  const flow = ingest!;
  await makeRun(api, { flow: sweep!, name: "quiet-heron", states: [{ type: "RUNNING" }, { type: "COMPLETED" }] });
  const cancelled = await makeRun(api, { flow: sweep!, name: "slow-otter", states: [{ type: "RUNNING" }] });
  await tellTasks(
    api,
    ["list-files", "remove-files"].map((name) => ({
      ...{ run: cancelled, name },
      states: [{ type: "RUNNING", at: Date.now() - 500 }],
    })),
  );
  await setState(api, cancelled, { type: "CANCELLED", message: "No longer needed." }, true);
  await makeRun(api, {
    flow: report!,
    name: "brittle-crane",
    tags: ["finance"],
    states: [{ type: "RUNNING" }, { type: "CRASHED", message: "The agent was lost." }],
  });
  await makeRun(api, {
    flow: report!,
    name: "patient-newt",
    tags: ["finance"],
    states: [{ type: "RUNNING" }, { type: "PAUSED", message: "Waiting for sign-off." }],
  });
  const waiting = await makeRun(api, { flow: report!, name: "waiting-vole" });
  const pool = await makePool(api, "mill", "The machines by the river.");
  const deployment = await makeDeployment(api, flow, "eu-nightly", {
    work_pool_name: pool,
    parameter_openapi_schema: PARAMETER_SCHEMA,
    parameters: { urls: ["https://a.example/1"], locale: "fr" },
    tags: ["eu", "nightly"],
    description: "Fetches the pages of the night.\nAsk Ada before you change it.",
    entrypoint: "ingest.mjs:ingest",
    version: "7",
    job_variables: { env: { REGION: "eu" } },
    schedules: [
      { schedule: { cron: "0 2 * * *", timezone: "Europe/Paris" }, catch_up: { policy: "latest", window: 21_600 } },
      { schedule: { interval: 3600, timezone: "UTC" }, active: false, parameters: { locale: "fr" } },
    ],
  });
  await api("POST /work_pools/{work_pool_name}/queues", {
    params: { work_pool_name: pool },
    body: { name: "urgent", priority: 1, concurrency_limit: 2, description: "What cannot wait." },
  });
  await makeDeployment(api, report!, "by-hand");
  const completed = await paintCompleted(api, flow);
  const [failed, task] = await paintFailed(api, flow, deployment);
  const retried = await paintRetried(api, flow);
  const running = await paintRunning(api, flow);
  return { flow, deployment, pool, completed, failed, retried, running, cancelled, waiting, task };
}

async function paintCompleted(api: Client, flow: string): Promise<string> {
  const run = await makeRun(api, {
    flow,
    name: "nightly-2026-11-24",
    tags: ["nightly", "eu"],
    parameters: {
      urls: ["https://a.example/1", "https://a.example/2"],
      locale: "en",
      limits: { rows: 10_000, strict: true },
    },
    states: [{ type: "RUNNING" }],
  });
  const now = Date.now();
  const tasks = Array.from({ length: 9 }, (_, n) => {
    const from = now - 60 * SECOND + n * 2.5 * SECOND;
    return finished(run, `fetch-page-${n}`, now - 60 * SECOND, from, from + (3 + (n % 4) * 2) * SECOND);
  });
  const store = finished(run, "store-rows", now - 28 * SECOND, now - 26 * SECOND, now - 6 * SECOND);
  const fetched = await tellTasks(api, tasks);
  const [stored = ""] = await tellTasks(api, [{ ...store, after: fetched }]);
  const report = finished(run, "report", now - 5 * SECOND, now - 4.5 * SECOND, now - SECOND);
  const ids = [...fetched, stored, await tellTask(api, { ...report, after: [stored] })];
  await writeLog(api, run, [
    { message: "Beginning flow run 'nightly-2026-11-24' for flow 'ingest'", at: now - 61 * SECOND },
    ...ids.slice(0, 9).flatMap((task, n) => [
      {
        message: `fetched https://a.example/${n + 1} in ${(3 + (n % 4) * 2) * SECOND} ms, status 200`,
        task,
        at: now - 55 * SECOND + n * 2.5 * SECOND,
      },
      {
        message: "Finished in state Completed()",
        task,
        at: now - 54 * SECOND + n * 2.5 * SECOND,
        level: n % 3 ? 20 : 10,
      },
    ]),
    {
      message: "\u001b[32m✓ stored\u001b[0m 8,412 rows in \u001b[36mwarehouse.pages\u001b[0m",
      task: ids[9]!,
      at: now - 7 * SECOND,
    },
    { message: "slow write: 20.1 s for one batch", level: 30, task: ids[9]!, at: now - 6.5 * SECOND },
    { message: "Finished in state Completed()", at: now },
  ]);
  await api("POST /artifacts/", {
    body: {
      key: "daily-totals",
      type: "table",
      description: "Rows by country",
      data: JSON.stringify([
        { country: "France", rows: 4210 },
        { country: "Spain", rows: 2980 },
        { country: "Norway", rows: 1222 },
      ]),
      flow_run_id: run,
    },
  });
  await api("POST /artifacts/", {
    body: {
      key: "notes",
      type: "markdown",
      data: "# Done\n\n8,412 rows, **none** rejected. <script>alert(1)</script>",
      flow_run_id: run,
    },
  });
  await api("POST /artifacts/", { body: { key: "progress", type: "progress", data: 100, flow_run_id: run } });
  await api("POST /artifacts/", {
    body: { key: "dashboard", type: "link", data: "https://a.example/dashboard", flow_run_id: run },
  });
  await setState(api, run, { type: "COMPLETED" });
  return run;
}

async function paintFailed(api: Client, flow: string, deployment: string): Promise<[run: string, task: string]> {
  const run = await makeRun(api, {
    flow,
    deployment,
    name: "crimson-otter",
    tags: ["eu"],
    parameters: { locale: "de" },
    states: [{ type: "RUNNING" }],
  });
  const now = Date.now();
  const ids = await tellTasks(api, [
    finished(run, "fetch-page-0", now - 9000, now - 8800, now - 6000),
    finished(run, "fetch-page-1", now - 9000, now - 8500, now - 4000, {
      type: "FAILED",
      message: "HTTPError: 503 Service Unavailable",
    }),
  ]);
  await writeLog(api, run, [
    { message: "Beginning flow run 'crimson-otter' for flow 'ingest'", at: now - 9500 },
    { message: "fetched https://a.example/1 in 2800 ms, status 200", task: ids[0]!, at: now - 6000 },
    {
      message:
        "Task run failed with exception: HTTPError('503 Service Unavailable')\nTraceback (most recent call last):\n  File \"ingest.py\", line 41, in fetch_page\n    response.raise_for_status()\nhttpx.HTTPError: 503 Service Unavailable for https://a.example/2",
      level: 40,
      task: ids[1]!,
      at: now - 4000,
    },
    { message: "Finished in state Failed('1 task failed')", level: 40, at: now },
  ]);
  await setState(api, run, {
    type: "FAILED",
    message: "1 of 2 tasks failed: fetch-page-1 met «503 Service Unavailable».",
  });
  return [run, ids[1]!];
}

async function paintRetried(api: Client, flow: string): Promise<string> {
  const run = await makeRun(api, { flow, name: "stubborn-mule", retries: 2, states: [{ type: "RUNNING" }] });
  await writeLog(api, run, [
    { message: "first attempt: connecting to db-1" },
    { message: "connection refused", level: 40 },
  ]);
  await setState(api, run, { type: "FAILED", message: "connection refused" });
  await setState(api, run, { type: "RUNNING", name: "Retrying" });
  await writeLog(api, run, [{ message: "second attempt: connecting to db-1" }, { message: "connected" }]);
  await setState(api, run, { type: "COMPLETED" });
  return run;
}

async function paintRunning(api: Client, flow: string): Promise<string> {
  const run = await makeRun(api, {
    flow,
    name: "busy-beaver",
    tags: ["nightly", "eu"],
    parameters: { locale: "fr" },
    states: [{ type: "RUNNING" }],
  });
  const now = Date.now();
  const tasks: TaskWish[] = [
    finished(run, "fetch-page-0", now - 2000, now - 1800, now - 400),
    {
      run,
      name: "fetch-page-1",
      states: [
        { type: "PENDING", at: now - 2000 },
        { type: "RUNNING", at: now - 1200 },
      ],
    },
    { run, name: "fetch-page-2", states: [{ type: "PENDING", at: now - 2000 }] },
  ];
  await tellTasks(api, tasks);
  await writeLog(api, run, [{ message: "Beginning flow run 'busy-beaver' for flow 'ingest'", at: now - 2000 }]);
  return run;
}
