/** An agent whose line to the service is cut: one way, the other, both. */
import { writeFileSync } from "node:fs";
import { type Client, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FLOWS, linesOf, until, Workshop } from "../agent/workshop.ts";
import { type Cut, CutProxy, type Way } from "../support/cut-proxy.ts";
import { isAlive } from "../support/processes.ts";

interface Begun {
  run: string;
  attempt: number;
  pid: number;
  token: string;
}

const LEASE_SECONDS = 5;
/** Milliseconds for which a line is cut: the lease, and ten seconds. */
const CUT_MS = (LEASE_SECONDS + 10) * 1000;
/** Milliseconds after the mending within which the agent is at work again. */
const BACK_MS = 15_000;

let shop: Workshop;
let api: Client;
beforeAll(async () => {
  shop = await Workshop.open();
  api = shop.api;
});
afterAll(() => shop?.close());

const agentsOf = async (pool: string) => {
  const agents = await api("GET /work_pools/{name}/agents", { params: { name: pool } });
  return new Map(agents.map((agent) => [agent.name, agent]));
};

test.concurrent.each<[string, Way[], Cut]>([
  ["to the service", ["up"], "late"],
  ["from the service", ["down"], "lost"],
  ["both ways", ["up", "down"], "late"],
])("[FA20] an agent that is cut off %s loses its run, and nothing else is lost", async (_which, ways, how) => {
  const pool = ways.join("-");
  const proxy = await CutProxy.before(shop.server.port);
  try {
    await shop.run("pool", "create", pool);
    await shop.run("deploy", `${FLOWS}:patient`, "--pool", pool, "--name", pool, "--on-agent-lost", "reclaim");
    const [log, release, nextLog] = ["log", "release", "next"].map((name) => shop.path(`${pool}-${name}`)) as [
      string,
      string,
      string,
    ];
    const start = (into: string) => shop.start(`patient/${pool}`, { log: into, release });
    const begun = (into: string) => linesOf<Begun>(into);
    const common = { pool, slots: 1, lease: `${LEASE_SECONDS}s`, args: ["--no-warm"] };
    const url = shop.server.local.api_url.replace(`:${shop.server.port}`, `:${proxy.port}`);
    const cutOff = await shop.agent({ ...common, name: "cut-off", env: { MILLRACE_API_URL: url } });
    const { id } = await start(log);
    await until("the run has begun", () => begun(log).length === 1);
    const [{ pid, token }] = begun(log) as [Begun];
    await shop.agent({ ...common, name: "other" });

    proxy.cut(ways, how);
    const cutIsOver = new Promise((resolve) => setTimeout(resolve, CUT_MS));
    // What the process has to say is on its way while the line is cut; it arrives where that way is mended.
    const report = ways.includes("up")
      ? createClient({ baseUrl: url, token })("POST /flow_runs/{id}/set_state", {
          params: { id },
          body: { state: { type: "COMPLETED", data: "of the first" } },
        }).catch((error: unknown) => error)
      : null;
    await until("the run has begun again", () => begun(log).length === 2);
    expect(isAlive(pid)).toBe(false);
    expect(begun(log)[1]).toMatchObject({ run: id, attempt: 2, beside: [] });
    // By the service's own clock and books.
    const silent = (await agentsOf(pool)).get("cut-off");
    const states = await api("GET /flow_runs/{id}/states", { params: { id } });
    const again = states.filter(({ type }) => type === "PENDING").map(({ timestamp }) => Date.parse(timestamp));
    expect(again).toHaveLength(2);
    expect(again[1]).toBeGreaterThanOrEqual(Date.parse(silent?.last_seen ?? "") + LEASE_SECONDS * 1000);

    await cutIsOver;
    proxy.mend();
    const next = await start(nextLog);
    await until("the agent has begun another run", () => begun(nextLog).length === 1, BACK_MS);
    expect(cutOff.output()).toContain("Connected again.");
    if (report) expect(await report).toMatchObject({ status: 409 });
    expect(await shop.read(id)).toMatchObject({ state_type: "RUNNING", run_count: 2 });

    writeFileSync(release, "");
    expect(await shop.end(id)).toMatchObject({
      state_type: "COMPLETED",
      run_count: 2,
      state: { data: { attempt: 2 } },
    });
    expect(await shop.end(next.id)).toMatchObject({ state_type: "COMPLETED", run_count: 1 });
    await until("nothing is claimed any more", async () =>
      [...(await agentsOf(pool)).values()].every(({ status, running }) => status === "ONLINE" && running === 0),
    );
  } finally {
    await proxy.close();
  }
});
