/** s04 as it is: a flow that deploys itself to a process pool, run by `prefect worker`, with our agent in the same pool. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { leftOut, prefectBin, runClient, startClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { type RunningAgent, startAgent } from "./agent.ts";
import { authStringStyle, cloudStyle } from "./styles.ts";

const program = fileURLToPath(new URL("../conformance/scenarios/s04.py", import.meta.url));
/** A process of the client takes seconds to begin on a busy machine. */
const WITHIN = { timeout: 90_000, interval: 200 };

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

/** Our agent with Prefect's Python, in a folder of its own. */
async function startPythonAgent(tenant: Tenant): Promise<RunningAgent> {
  const home = mkdtempSync(join(tmpdir(), "millrace-agent-"));
  const python = join(await prefectBin(), "python");
  const args = ["--pool", "pp", "--slots", "1", "--python", python];
  const { output, end } = startAgent(args, tenant, home, { PYTHONDONTWRITEBYTECODE: "1" });
  return {
    output,
    async end() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

describe.skipIf(leftOut).each([
  ["Cloud style", cloudStyle],
  ["auth string style", authStringStyle],
] as const)("%s", (_, styleOf) => {
  test("[CF41] a flow that deploys itself is run by a worker and by our agent, each run by one of them", async () => {
    const tenant = await makeTenant(server.local, "deployed");
    const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    const env = {
      ...styleOf(tenant),
      PYTHONDONTWRITEBYTECODE: "1",
      PREFECT_WORKER_QUERY_SECONDS: "1",
      PREFECT_WORKER_HEARTBEAT_SECONDS: "2",
    };
    const succeeds = async (command: "prefect" | "python", ...args: string[]) => {
      const run = await runClient(command, args, env);
      expect(run.code, `${args.join(" ")}\n${run.stdout}\n${run.stderr}`).toBe(0);
      return run;
    };
    await succeeds("prefect", "work-pool", "create", "pp", "--type", "process");
    await succeeds("python", program);
    const worker = await startClient("prefect", ["worker", "start", "-p", "pp"], env, 300);
    const agent = await startPythonAgent(tenant);
    try {
      await vi.waitFor(() => expect(agent.output()).toContain("Connected to pool pp"), WITHIN);
      const params = { flow_name: "dep", deployment_name: "d1" };
      const { id } = await client("GET /deployments/name/{flow_name}/{deployment_name}", { params });
      await succeeds("prefect", "deployment", "run", "dep/d1", "-p", "x=7", "--watch");
      const runs = await Promise.all(
        Array.from({ length: 6 }, (_, x) =>
          client("POST /deployments/{id}/create_flow_run", { params: { id }, body: { parameters: { x } } }),
        ),
      );
      await vi.waitFor(async () => {
        const now = await client("POST /flow_runs/filter", {
          body: { flow_runs: { id: { any_: runs.map((run) => run.id) } } },
        });
        expect(
          now.map(({ state_type }) => state_type),
          agent.output() + worker.output().slice(-3000),
        ).toEqual(runs.map(() => "COMPLETED"));
        expect(now.every(({ run_count }) => run_count === 1)).toBe(true);
        const byAgent = now.filter(({ infrastructure_pid }) => infrastructure_pid?.startsWith("agent:"));
        expect(byAgent.length).toBeGreaterThan(0);
        expect(byAgent.length).toBeLessThan(runs.length);
      }, WITHIN);
    } finally {
      worker.stop();
      await Promise.all([worker.ended, agent.end()]);
    }
  });
});
