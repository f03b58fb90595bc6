/** The recorded programs, run by the unmodified client against the service. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ClientRun, leftOut, runClient } from "../support/prefect.ts";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { authStringStyle, cloudStyle, keyAloneStyle } from "./styles.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const expected = (name: string) => readFileSync(here(`expected/${name}`), "utf8");

/** What the client sent last may still be on its way into the lists when its process has ended. */
const SETTLED_WITHIN = { timeout: 10_000, interval: 100 };

const scenarios = [
  { name: "s01", flows: ["parent", "child"] },
  { name: "s02", flows: ["fails", "returns-state", "slow", "cancelled", "crashes", "typed"] },
  { name: "s05", flows: ["pauses"] },
  { name: "s06", flows: [] },
  { name: "s07", flows: ["lim"] },
  { name: "s08", flows: ["f"] },
];
const styles = [
  { style: "Cloud style", env: cloudStyle },
  { style: "auth string style", env: authStringStyle },
];

let server: Server;
beforeAll(async () => {
  if (!leftOut) server = await startServer();
});
afterAll(() => server?.stop());

describe.skipIf(leftOut).each(styles)("$style", ({ style, env }) => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await makeTenant(server.local, "client");
  });

  describe.each(scenarios)("$name", ({ name, flows }) => {
    let run: ClientRun;
    beforeAll(async () => {
      run = await runClient("python", [here(`../conformance/scenarios/${name}.py`)], env(tenant));
    });

    test(`[CF4] ${name} exits 0 and prints its results, in ${style}`, () => {
      expect(run.stdout + (run.code === 0 ? "" : run.stderr)).toBe(expected(`${name}.txt`));
      expect(run.code).toBe(0);
    });

    const wanted = JSON.parse(expected(`${name}.json`)) as Snapshot;
    test.each(Object.keys(wanted) as (keyof Snapshot)[])(
      `[CF5] %s of ${name} read back as recorded, in ${style}`,
      async (kind) => {
        const api = { base: tenant.apiUrl, headers: { authorization: `Bearer ${tenant.key}` } };
        await vi.waitFor(
          async () => expect((await readSnapshot(api, flows))[kind]).toEqual(wanted[kind]),
          SETTLED_WITHIN,
        );
      },
    );
  });
});

describe.skipIf(leftOut)("a plain URL with a key alone", () => {
  test("[CF6] the client's events are refused and nothing of them is kept", async () => {
    const tenant = await makeTenant(server.local, "key-alone");
    const run = await runClient("python", [here("../conformance/scenarios/s01.py")], keyAloneStyle(tenant));
    expect(run.stderr).toContain("PREFECT_CLOUD_API_URL");
    expect(run.stderr).toContain("PREFECT_API_AUTH_STRING");
    const api = { base: tenant.apiUrl, headers: { authorization: `Bearer ${tenant.key}` } };
    const { task_runs } = await readSnapshot(api, ["parent", "child"]);
    // The parent task run of the subflow is made over HTTP, which a key alone suffices for.
    expect(task_runs).toMatchObject([{ task: "child-0" }]);
  });
});
