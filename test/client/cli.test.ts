/** Prefect's command line against the service, after s01 has run. */
import { fileURLToPath } from "node:url";
import { createClient } from "@millrace/contract/client.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientRun, leftOut, runClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { authStringStyle, cloudStyle } from "./styles.ts";

const s01 = fileURLToPath(new URL("../conformance/scenarios/s01.py", import.meta.url));

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

describe.skipIf(leftOut).each([
  ["Cloud style", cloudStyle],
  ["auth string style", authStringStyle],
] as const)("%s", (_style, env) => {
  let tenant: Tenant;
  let runs: WireFlowRun[];
  let parent: WireFlowRun;

  beforeAll(async () => {
    tenant = await makeTenant(server.local, "cli");
    const ran = await runClient("python", [s01], env(tenant));
    expect(ran.code, ran.stderr).toBe(0);
    const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    runs = await client("POST /flow_runs/filter", { body: {} });
    parent = runs.find((run) => run.parent_task_run_id === null) as WireFlowRun;
  });

  const prefect = async (...args: string[]): Promise<ClientRun> => {
    const run = await runClient("prefect", args, env(tenant));
    expect(run.code, `${run.stdout}\n${run.stderr}`).toBe(0);
    return run;
  };

  test("[CF7] version says the client's own and asks the server without a complaint", async () => {
    const { stdout, stderr } = await prefect("version");
    expect(stdout).toContain("3.9.1");
    expect(stderr).not.toMatch(/warn|older|error/i);
  });

  test("[CF7] flow ls shows the flows", async () => {
    const { stdout } = await prefect("flow", "ls");
    expect(stdout).toContain("parent");
    expect(stdout).toContain("child");
  });

  test("[CF7] flow-run ls shows each run with its id, name and state", async () => {
    const { stdout } = await prefect("flow-run", "ls");
    expect(runs).toHaveLength(2);
    for (const run of runs) {
      expect(stdout).toContain(run.id);
      expect(stdout).toContain(run.name);
    }
    expect(stdout).toContain("COMPLETED");
  });

  test("[CF7] flow-run inspect shows the run", async () => {
    const { stdout } = await prefect("flow-run", "inspect", parent.id);
    expect(stdout).toContain(parent.id);
    expect(stdout).toContain(parent.name);
    expect(stdout).toContain("StateType.COMPLETED");
  });

  test("[CF7] flow-run logs shows its lines in order", async () => {
    const { stdout } = await prefect("flow-run", "logs", parent.id);
    const lines = [
      "Beginning flow run",
      "hello world",
      "printed",
      "Retry 1/2 will start",
      "Finished in state Completed()",
    ];
    // A task that finished before the retry says the same as the run at the end, so the last mention counts.
    const places = lines.map((line) => stdout.lastIndexOf(line));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });

  test("[CF7] a run that is not there is not found", async () => {
    const { code, stdout, stderr } = await runClient(
      "prefect",
      ["flow-run", "inspect", tenant.workspaceId],
      env(tenant),
    );
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("not found");
  });
});

describe.skipIf(leftOut)("what the cloud's command line has of its own", () => {
  const owner = (): Record<string, string> => {
    const { url, api_url, api_key } = server.local;
    return { PREFECT_CLOUD_API_URL: `${url}/api`, PREFECT_API_URL: api_url, PREFECT_API_KEY: api_key };
  };
  const cloud = (...args: string[]): Promise<ClientRun> => runClient("prefect", ["cloud", ...args], owner());

  test("[CF7] webhook update changes what it names", async () => {
    const { local } = server;
    const client = createClient({ baseUrl: local.api_url, token: local.api_key });
    const { id } = await client("POST /webhooks/", { body: { name: "hook", template: "{}" } });
    expect((await cloud("webhook", "update", id, "--name", "other", "--description", "d")).code).toBe(0);
    const changed = await client("GET /webhooks/{id}", { params: { id } });
    expect(changed).toMatchObject({ name: "other", description: "d", template: "{}" });
    await client("DELETE /webhooks/{id}", { params: { id } });
  });

  test("[CF7] ip-allowlist refuses to lock its user out, and keeps the list", async () => {
    expect((await cloud("ip-allowlist", "add", "10.0.0.0/8", "-d", "office")).stdout).toContain("10.0.0.0/8");
    const locked = await cloud("ip-allowlist", "enable");
    expect([locked.code, locked.stdout + locked.stderr]).toEqual([1, expect.stringContaining("127.0.0.1 is not in")]);
    expect((await cloud("ip-allowlist", "toggle", "10.0.0.0/8")).stdout).toMatch(/10\.0\.0\.0\/8.*False/);
    expect((await cloud("ip-allowlist", "remove", "10.0.0.0/8")).stdout).toContain("empty");
  });
});
