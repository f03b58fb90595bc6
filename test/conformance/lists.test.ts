/** Lists follow the runs: what was answered is in the list that is asked for next, however busy the service is. */
import { type Client, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant } from "../support/tenant.ts";

let server: Server;
let client: Client;
let flowId: string;
beforeAll(async () => {
  server = await startServer();
  const tenant = await makeTenant(server.local, "lists");
  client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
  flowId = (await client("POST /flows/", { body: { name: "listed" } })).id;
});
afterAll(() => server.stop());

/** Runs that live and are listed at once. */
const LANES = 8;
/** Runs of each lane, one after another. */
const ROUNDS = 10;

type StateType = "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";

async function listed(name: string, type: StateType | "PENDING"): Promise<string[]> {
  const flow_runs = { name: { any_: [name] }, state: { type: { any_: [type] } } };
  return (await client("POST /flow_runs/filter", { body: { flow_runs } })).map(({ id }) => id);
}

const lanes = <T>(work: (lane: number) => Promise<T>) =>
  Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane)));

describe("one after another, several at once", () => {
  test("[AP6] a run that was created is listed, one that ended is listed as such, one that was deleted is not", async () => {
    await lanes(async (lane) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `run-${lane}-${round}`;
        const run = await client("POST /flow_runs/", { body: { flow_id: flowId, name, state: { type: "PENDING" } } });
        expect(await listed(name, "PENDING")).toEqual([run.id]);
        const params = { id: run.id };
        await client("POST /flow_runs/{id}/set_state", { params, body: { state: { type: "RUNNING" } } });
        const end: StateType = round % 2 === 0 ? "COMPLETED" : "FAILED";
        await client("POST /flow_runs/{id}/set_state", { params, body: { state: { type: end } } });
        expect(await listed(name, end)).toEqual([run.id]);
        expect(await listed(name, "PENDING")).toEqual([]);
        if (round % 3 > 0) continue;
        await client("DELETE /flow_runs/{id}", { params });
        expect(await listed(name, end)).toEqual([]);
      }
    });
  });

  test("[AP6] runs that a list names are as they stand, between beginning and end too", async () => {
    await lanes(async (lane) => {
      const run = await client("POST /flow_runs/", {
        body: { flow_id: flowId, name: `named-${lane}`, state: { type: "PENDING" } },
      });
      await client("POST /flow_runs/{id}/set_state", { params: { id: run.id }, body: { state: { type: "RUNNING" } } });
      const body = { flow_runs: { id: { any_: [run.id] } } };
      expect((await client("POST /flow_runs/filter", { body })).map(({ id, state_type }) => [id, state_type])).toEqual([
        [run.id, "RUNNING"],
      ]);
    });
  });
});
