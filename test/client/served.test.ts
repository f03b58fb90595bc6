/** A flow that serves itself by the unmodified client, on an interval, and is run by hand beside it. */
import { fileURLToPath } from "node:url";
import { createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { leftOut, runClient, startClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant } from "../support/tenant.ts";
import { authStringStyle, cloudStyle } from "./styles.ts";

const program = fileURLToPath(new URL("../conformance/scenarios/s03.py", import.meta.url));
/** A process of the client takes seconds to begin on a busy machine. */
const WITHIN = { timeout: 90_000, interval: 200 };

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

describe.skipIf(leftOut).each([
  ["Cloud style", cloudStyle],
  ["auth string style", authStringStyle],
] as const)("%s", (_, styleOf) => {
  test("[CF40] a flow that serves itself is scheduled ahead, and `prefect deployment run --watch` sees it through", async () => {
    const tenant = await makeTenant(server.local, "served");
    const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    const env = styleOf(tenant);
    const serving = await startClient("python", [program], env, 300);
    try {
      await vi.waitFor(async () => {
        const deployments = await client("POST /deployments/filter", { body: {} });
        expect(deployments, serving.output().slice(-3000)).toMatchObject([
          {
            name: "sv",
            status: "READY",
            parameters: { x: 4 },
            schedules: [{ active: true, schedule: { interval: 3600 } }],
          },
        ]);
      }, WITHIN);
      const ahead = await client("POST /flow_runs/filter", { body: { sort: "EXPECTED_START_TIME_ASC" } });
      expect(ahead).toHaveLength(3);
      const [first, second] = ahead.map(({ expected_start_time }) => Date.parse(expected_start_time ?? ""));
      expect((second ?? 0) - (first ?? 0)).toBe(3_600_000);
      const run = await runClient("prefect", ["deployment", "run", "served/sv", "-p", "x=7", "--watch"], env);
      expect(run.code, run.stdout + run.stderr + serving.output().slice(-3000)).toBe(0);
      const done = await client("POST /flow_runs/filter", {
        body: { flow_runs: { state: { type: { any_: ["COMPLETED"] } } } },
      });
      expect(done).toMatchObject([{ parameters: { x: 7 }, tags: ["a"] }]);
    } finally {
      serving.stop();
      await serving.ended;
    }
  });
});
