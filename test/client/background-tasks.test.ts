/** Background tasks by the unmodified client: one process serves a task, another asks for a run of it and waits. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { leftOut, type RunningClient, runClient, startClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { authStringStyle, cloudStyle } from "./styles.ts";

const s09 = fileURLToPath(new URL("../conformance/scenarios/s09.py", import.meta.url));
/** A process of the client takes seconds to begin on a busy machine. */
const CONNECTED_WITHIN = { timeout: 60_000, interval: 100 };

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

describe.skipIf(leftOut).each([
  { style: "Cloud style", env: cloudStyle },
  { style: "auth string style", env: authStringStyle },
])("$style", ({ env }) => {
  let tenant: Tenant;
  let worker: RunningClient;
  /** One for both: the parameters of a background task lie in files of its client. */
  const home = mkdtempSync(join(tmpdir(), "millrace-prefect-"));
  const both = () => ({ ...env(tenant), PREFECT_HOME: home });
  beforeAll(async () => {
    tenant = await makeTenant(server.local, "background");
    worker = await startClient("python", [s09, "serve"], both());
  });
  afterAll(async () => {
    worker.stop();
    await worker.ended;
    rmSync(home, { recursive: true, force: true });
  });

  test("[CF30] a task that is served runs where it is served, and whoever asked for it sees its end", async () => {
    const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    await vi.waitFor(
      async () => expect(await client("POST /task_workers/filter", { body: {} })).toHaveLength(1),
      CONNECTED_WITHIN,
    );
    const call = await runClient("python", [s09, "call"], both());
    expect(call.stdout, call.stderr).toBe("Completed()\n");
    const [run, ...others] = await client("POST /task_runs/filter", { body: {} });
    expect(others).toEqual([]);
    expect(run).toMatchObject({ name: "bg", flow_run_id: null, state_type: "COMPLETED", run_count: 1 });
    const states = await client("GET /task_run_states/", { query: { task_run_id: run?.id as string } });
    expect(states.map(({ type }) => type)).toEqual(["SCHEDULED", "PENDING", "RUNNING", "COMPLETED"]);
  });
});
