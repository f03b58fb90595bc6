/** The real service under writes, killed again and again. `MILLRACE_KILLS` sets how often; the nightly run asks for 1,000. */
import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { Acknowledged } from "./kills/acknowledged.ts";
import { auditIndex, auditRuns } from "./kills/audit.ts";
import { killWorkerd } from "./kills/killer.ts";
import { startWriters } from "./kills/writers.ts";

const KILLS = Number(process.env.MILLRACE_KILLS ?? 40);
/** Answers that have to be at stake, so that the trial says something. */
const LEAST_ACKNOWLEDGED = 100 * KILLS;
const CLIENTS = 8;
/** Findings that a failure shows. */
const SHOWN = 10;
/** One kill of so many takes the host with it. */
const HOST_EACH = 8;

let server: Server;
let tenant: Tenant;
beforeAll(async () => {
  server = await startServer();
  tenant = await makeTenant(server.local, "kills");
});
afterAll(() => server.kill());

test("[FA6] what was acknowledged is there after kills at any moment, and nothing is there by half", async () => {
  const acknowledged = new Acknowledged();
  const writers = startWriters(tenant, acknowledged, CLIENTS);
  for (let kill = 1; kill <= KILLS; kill++) {
    const wanted = (LEAST_ACKNOWLEDGED * kill) / KILLS;
    while (acknowledged.count < wanted) await wait(5);
    await wait(randomInt(100));
    if (kill % HOST_EACH === 0) server = await server.restart();
    else await killWorkerd(server);
  }
  await writers.stop();
  expect((await auditRuns(tenant, acknowledged)).slice(0, SHOWN)).toEqual([]);
  expect((await auditIndex(tenant, acknowledged)).slice(0, SHOWN)).toEqual([]);
  expect(acknowledged.count).toBeGreaterThanOrEqual(LEAST_ACKNOWLEDGED);
}, 900_000);
