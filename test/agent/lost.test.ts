/** Agents that are killed, told to end, or too late: a run has one live claim at a time. */
import { existsSync, writeFileSync } from "node:fs";
import { ApiError, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { type AgentProcess, linesOf, until, Workshop } from "./workshop.ts";

interface Begun {
  run: string;
  attempt: number;
  pid: number;
  token: string;
}

let shop: Workshop;
let count = 0;
let log: string;
let release: string;

beforeAll(async () => {
  shop = await Workshop.open();
  await shop.deploy("--name", "reclaimed", "--on-agent-lost", "reclaim");
});
afterAll(() => shop?.close());
beforeEach(() => {
  count += 1;
  log = shop.path(`begun-${count}`);
  release = shop.path(`release-${count}`);
});

/** Ends an agent that has nothing to do. */
async function retire(agent: AgentProcess): Promise<void> {
  agent.signal("SIGTERM");
  expect(await agent.ended).toBe(0);
}

test("[AG30] with an agent that is killed its processes end, and after the lease the run is CRASHED", async () => {
  const agent = await shop.agent();
  const { id } = await shop.start("patient", { log, release });
  await until("the run has begun", () => existsSync(log));
  const [begun] = linesOf<Begun>(log);
  agent.signal("SIGKILL");
  await agent.ended;
  await until("its process is gone", () => !isAlive(begun!.pid));
  expect((await shop.read(id)).state_type).toBe("RUNNING");
  expect((await shop.end(id)).state_type).toBe("CRASHED");
});

test("[AG31] where the policy is reclaim another agent begins the run again, and a report of the first is refused", async () => {
  const first = await shop.agent();
  const { id } = await shop.start("patient/reclaimed", { log, release });
  await until("the run has begun", () => existsSync(log));
  const [{ token }] = linesOf<Begun>(log) as [Begun];
  first.signal("SIGKILL");
  await first.ended;
  const second = await shop.agent();
  await until("the run has begun again", () => linesOf(log).length === 2);

  const stale = createClient({ baseUrl: shop.server.local.api_url, token });
  const report = { params: { id }, body: { state: { type: "COMPLETED" as const, data: "of the first" } } };
  const refusal = await stale("POST /flow_runs/{id}/set_state", report).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiError);
  expect((refusal as ApiError).status).toBe(409);
  expect((await shop.read(id)).state_type).toBe("RUNNING");

  writeFileSync(release, "");
  expect(await shop.end(id)).toMatchObject({ state_type: "COMPLETED", run_count: 2, state: { data: { attempt: 2 } } });
  await retire(second);
});

test("[SD60] [FO41] [FR84] what a task had done is found by the agent that takes over, and by a repetition from a later task", async () => {
  const first = await shop.agent();
  const { id } = await shop.start("lasting/reclaimed", { log, release });
  await until("the first task is done", () => existsSync(log));
  const [pid] = linesOf<number>(`${log}-once`);
  first.signal("SIGKILL");
  await first.ended;
  const second = await shop.agent();
  await until("the run has begun again", () => linesOf(log).length === 2);
  writeFileSync(release, "");
  expect(await shop.end(id)).toMatchObject({ state_type: "COMPLETED", state: { data: { first: pid, attempt: 2 } } });

  const api = createClient({ baseUrl: shop.server.local.api_url, token: shop.server.local.api_key });
  const again = await api("POST /flow_runs/{id}/rerun", { params: { id }, body: { from_task: "afterwards" } });
  expect(await shop.end(again.id)).toMatchObject({
    state_type: "COMPLETED",
    state: { data: { first: pid, attempt: 1 } },
  });
  expect(linesOf(`${log}-once`)).toEqual([pid]);
  const whole = await api("POST /flow_runs/{id}/rerun", { params: { id }, body: {} });
  expect((await shop.end(whole.id)).state_type).toBe("COMPLETED");
  expect(linesOf(`${log}-once`)).toHaveLength(2);
  await retire(second);
});

test("[AG32] an agent that is told to end lets its runs finish, takes no more, and ends with 0", async () => {
  const agent = await shop.agent();
  const { id } = await shop.start("patient", { log, release });
  await until("the run has begun", () => existsSync(log));
  agent.signal("SIGTERM");
  await until("it drains", () => agent.output().includes("Draining"));
  const later = await shop.start("printing");
  writeFileSync(release, "");
  expect((await shop.end(id)).state_type).toBe("COMPLETED");
  expect(await agent.ended).toBe(0);
  expect(["SCHEDULED", "PENDING"]).toContain((await shop.read(later.id)).state_type);
  const next = await shop.agent();
  expect((await shop.end(later.id)).state_type).toBe("COMPLETED");
  await retire(next);
});

test("[AG33] told a second time it ends its runs at once, which are CRASHED with that reason", async () => {
  const agent = await shop.agent();
  const { id } = await shop.start("patient", { log, release });
  await until("the run has begun", () => existsSync(log));
  const [begun] = linesOf<Begun>(log);
  agent.signal("SIGTERM");
  await until("it drains", () => agent.output().includes("Draining"));
  agent.signal("SIGTERM");
  expect(await shop.end(id)).toMatchObject({
    state_type: "CRASHED",
    state: { message: expect.stringContaining("agent was shut down") },
  });
  expect(await agent.ended).toBe(0);
  expect(isAlive(begun!.pid)).toBe(false);
});

test("[AG34] of two agents one gets each run, and both get some", async () => {
  const agents = await Promise.all([shop.agent({ slots: 2 }), shop.agent({ slots: 2 })]);
  writeFileSync(release, "");
  const runs = await Promise.all(Array.from({ length: 20 }, () => shop.start("patient", { log, release })));
  for (const { id } of runs) expect((await shop.end(id)).state_type).toBe("COMPLETED");
  const begun = linesOf<Begun>(log).map((one) => one.run);
  expect(begun.sort()).toEqual(runs.map(({ id }) => id).sort());
  for (const agent of agents) expect(agent.output()).toContain("of patient begins");
  await Promise.all(agents.map(retire));
});

test("[AG35] an agent whose process cannot reach the server stops its runs before its lease is over", async () => {
  const agent = await shop.agent();
  const { id } = await shop.start("patient/reclaimed", { log, release });
  await until("the run has begun", () => existsSync(log));
  const [begun] = linesOf<Begun>(log);
  const { kill } = shop.server;
  await kill();
  await until("its process is gone", () => !isAlive(begun!.pid));
  expect(agent.output()).toContain("The lease ran out");
  shop.server = await shop.server.restart();
  await until("the run has begun again", () => linesOf(log).length === 2);
  writeFileSync(release, "");
  expect((await shop.end(id)).state_type).toBe("COMPLETED");
});
