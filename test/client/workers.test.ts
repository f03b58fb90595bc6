/** Prefect's worker and its commands for pools and queues, against the service. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ClientRun, leftOut, prefectBin, type RunningClient, runClient, startClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { startAgent } from "./agent.ts";
import { authStringStyle, cloudStyle } from "./styles.ts";

const CODE = dirname(fileURLToPath(new URL("../conformance/scenarios/s04.py", import.meta.url)));

/** A busy machine takes seconds to start a Python process. */
const PATIENCE = { timeout: 60_000, interval: 200 };

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

/** A deployment of a flow of s04, as `flow.deploy` makes it of code that lies on the worker's own disk. */
async function deploy(client: Client, flow: string): Promise<string> {
  const { id } = await client("POST /flows/", { body: { name: flow } });
  const deployment = await client("POST /deployments/", {
    body: {
      name: "d1",
      flow_id: id,
      work_pool_name: "pp",
      entrypoint: `s04.py:${flow}`,
      pull_steps: [{ "prefect.deployments.steps.set_working_directory": { directory: CODE } }],
      job_variables: { env: { A: "1", PYTHONDONTWRITEBYTECODE: "1" } },
    },
  });
  return deployment.id;
}

describe.skipIf(leftOut).each([
  ["Cloud style", cloudStyle],
  ["auth string style", authStringStyle],
] as const)("%s", (style, styleOf) => {
  let tenant: Tenant;
  let client: Client;
  let env: Record<string, string>;
  let worker: RunningClient;
  const stopWorker = async () => {
    worker?.stop();
    await worker?.ended;
  };
  const prefect = async (...args: string[]): Promise<ClientRun> => {
    const run = await runClient("prefect", args, env);
    expect(run.code, `${args.join(" ")}\n${run.stdout}\n${run.stderr}`).toBe(0);
    return run;
  };

  beforeAll(async () => {
    tenant = await makeTenant(server.local, "workers");
    client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    env = { ...styleOf(tenant), PREFECT_WORKER_QUERY_SECONDS: "1", PREFECT_WORKER_HEARTBEAT_SECONDS: "2" };
  });
  afterAll(() => stopWorker());

  test("[CF18] work-pool create makes a pool of the type that Prefect's own package knows", async () => {
    await prefect("work-pool", "create", "pp", "--type", "process");
    const pool = await client("GET /work_pools/{name}", { params: { name: "pp" } });
    expect(pool).toMatchObject({ type: "process", status: "NOT_READY" });
    expect(Object.keys(pool.base_job_template)).toEqual(["job_configuration", "variables"]);
  });

  test("[CF19] a worker connects, takes the runs of its pool, and runs them to their end", async () => {
    const id = await deploy(client, "dep");
    worker = await startClient("prefect", ["worker", "start", "-p", "pp", "-n", "w1", "-t", "process"], env, 300);
    const runs = await Promise.all(
      [7, 8].map((x) =>
        client("POST /deployments/{id}/create_flow_run", { params: { id }, body: { parameters: { x } } }),
      ),
    );
    for (const { id: run } of runs)
      await vi.waitFor(
        async () =>
          expect(
            (await client("GET /flow_runs/{id}", { params: { id: run } })).state_type,
            worker.output().slice(-3000),
          ).toBe("COMPLETED"),
        PATIENCE,
      );
    const ofFirst = { logs: { flow_run_id: { any_: [runs[0]?.id as string] } } };
    await vi.waitFor(async () => {
      const lines = await client("POST /logs/filter", { body: ofFirst });
      expect(lines.map(({ message }) => message)).toContain("deployed 7 1");
    }, PATIENCE);
    const [one] = await client("POST /work_pools/{work_pool_name}/workers/filter", {
      params: { work_pool_name: "pp" },
      body: {},
    });
    expect(one).toMatchObject({ name: "w1", status: "ONLINE", heartbeat_interval_seconds: 2 });
    expect(await client("GET /work_pools/{name}", { params: { name: "pp" } })).toMatchObject({ status: "READY" });
    expect(
      await client("POST /work_pools/{name}/concurrency_status", { params: { name: "pp" }, body: {} }),
    ).toMatchObject({
      active_slots: 0,
    });
  });

  test("[CF19] a run that is cancelled while a worker has it ends with its process", async () => {
    const id = await deploy(client, "slow");
    const { id: run } = await client("POST /deployments/{id}/create_flow_run", { params: { id }, body: {} });
    const stateIs = (type: string) =>
      vi.waitFor(
        async () =>
          expect(
            (await client("GET /flow_runs/{id}", { params: { id: run } })).state_type,
            worker.output().slice(-3000),
          ).toBe(type),
        PATIENCE,
      );
    await stateIs("RUNNING");
    await prefect("flow-run", "cancel", run);
    await stateIs("CANCELLED");
  });

  test("[AG92] [AG93] our agent runs Python deployments of the same pool, beside the worker, and each run goes to one of them", async () => {
    const id = await deploy(client, "dep");
    const python = join(await prefectBin(), "python");
    const home = mkdtempSync(join(tmpdir(), "millrace-agent-"));
    const agent = startAgent(["--pool", "pp", "--slots", "2", "--python", python], tenant, home);
    try {
      await vi.waitFor(() => expect(agent.output()).toContain("Connected to pool pp"), PATIENCE);
      const runs = await Promise.all(
        [1, 2, 3, 4].map((x) =>
          client("POST /deployments/{id}/create_flow_run", { params: { id }, body: { parameters: { x } } }),
        ),
      );
      await vi.waitFor(async () => {
        const now = await client("POST /flow_runs/filter", {
          body: { flow_runs: { id: { any_: runs.map((run) => run.id) } } },
        });
        expect(
          now.map(({ state_type }) => state_type),
          agent.output() + worker.output(),
        ).toEqual(runs.map(() => "COMPLETED"));
        expect(now.every(({ run_count }) => run_count === 1)).toBe(true);
        expect(now.some(({ infrastructure_pid }) => infrastructure_pid?.startsWith("agent:"))).toBe(true);
        const [mine] = now.filter(({ infrastructure_pid }) => infrastructure_pid?.startsWith("agent:"));
        const body = { logs: { flow_run_id: { any_: [mine!.id] } } };
        const messages = (await client("POST /logs/filter", { body })).map(({ message }) => message);
        for (const said of ["Beginning flow run", "Finished in state"])
          expect(messages.filter((message) => message.includes(said))).toHaveLength(1);
        expect(messages.filter((message) => /\| (INFO|WARNING|ERROR)|events\/out/.test(message))).toEqual([]);
      }, PATIENCE);
      const slow = await deploy(client, "slow");
      await prefect("work-pool", "set-concurrency-limit", "pp", "0");
      const { id: run } = await client("POST /deployments/{id}/create_flow_run", { params: { id: slow }, body: {} });
      // The worker goes, so that the agent gets it.
      await stopWorker();
      await prefect("work-pool", "clear-concurrency-limit", "pp");
      const stateIs = (type: string) =>
        vi.waitFor(
          async () =>
            expect((await client("GET /flow_runs/{id}", { params: { id: run } })).state_type, agent.output()).toBe(
              type,
            ),
          PATIENCE,
        );
      await stateIs("RUNNING");
      await client("POST /flow_runs/{id}/set_state", { params: { id: run }, body: { state: { type: "CANCELLING" } } });
      await stateIs("CANCELLED");
      await vi.waitFor(async () => {
        const [one] = await client("GET /work_pools/{name}/agents", { params: { name: "pp" } });
        expect(one).toMatchObject({ running: 0 });
      }, PATIENCE);
    } finally {
      await agent.end();
      rmSync(home, { recursive: true, force: true });
    }
  });

  // Three seconds a command: one style is enough.
  if (style !== "Cloud style") return;
  test("[CF18] pools are listed and changed by Prefect's commands", async () => {
    const inspect = async () => client("GET /work_pools/{name}", { params: { name: "pp" } });
    expect((await prefect("work-pool", "ls")).stdout).toContain("pp");
    expect((await prefect("work-pool", "inspect", "pp")).stdout).toContain((await inspect()).id);
    await prefect("work-pool", "pause", "pp");
    expect((await inspect()).status).toBe("PAUSED");
    await prefect("work-pool", "resume", "pp");
    expect((await inspect()).is_paused).toBe(false);
    await prefect("work-pool", "set-concurrency-limit", "pp", "3");
    expect((await inspect()).concurrency_limit).toBe(3);
    await prefect("work-pool", "update", "pp", "--description", "here");
    expect((await inspect()).description).toBe("here");
    await prefect("work-pool", "preview", "pp");
  });

  test("[CF18] queues are made, listed and changed by Prefect's commands", async () => {
    await prefect("work-queue", "create", "fast", "--pool", "pp", "--priority", "1");
    const queue = async () =>
      client("GET /work_pools/{work_pool_name}/queues/{name}", { params: { work_pool_name: "pp", name: "fast" } });
    expect((await queue()).priority).toBe(1);
    expect((await prefect("work-queue", "ls", "--pool", "pp")).stdout).toContain("fast");
    expect((await prefect("work-queue", "inspect", "fast", "--pool", "pp")).stdout).toContain((await queue()).id);
    await prefect("work-queue", "pause", "fast", "--pool", "pp");
    expect((await queue()).status).toBe("PAUSED");
    await prefect("work-queue", "resume", "fast", "--pool", "pp");
    await prefect("work-queue", "set-concurrency-limit", "fast", "2", "--pool", "pp");
    expect(await queue()).toMatchObject({ is_paused: false, concurrency_limit: 2 });
  });

  test("[CF18] queues and pools are deleted by Prefect's commands", async () => {
    expect((await prefect("deployment", "inspect", "dep/d1")).stdout).toContain("s04.py:dep");
    await prefect("work-queue", "delete", "fast", "--pool", "pp");
    await prefect("work-pool", "delete", "pp");
    expect(await client("POST /work_pools/count", { body: {} })).toBe(0);
  });
});
