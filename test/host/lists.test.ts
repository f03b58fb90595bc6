/**
 * Reading what was written, with all parts as they run: objects of one isolate tell the hub together there, which tests inside the
 * Workers runtime cannot have.
 */
import { type Client, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
let call: Client;
beforeAll(async () => {
  server = await startServer();
  call = createClient({ baseUrl: server.local.api_url, token: server.local.api_key });
});
afterAll(() => server.stop());

/** Clients at once, and runs that each of them brings to an end. */
const [CLIENTS, RUNS] = [16, 8];

test("[AP6] whoever begins or ends a run finds it in the next list, whatever others do at the time", async () => {
  const flow = await call("POST /flows/", { body: { name: "listed" } });
  const ids = async (state: "PENDING" | "COMPLETED"): Promise<string[]> => {
    const body = { flow_runs: { state: { type: { any_: [state] } } }, sort: "ID_DESC" as const, limit: 200 };
    return (await call("POST /flow_runs/filter", { body })).map(({ id }) => id);
  };
  const client = async (): Promise<string[]> => {
    const missing: string[] = [];
    for (let count = 0; count < RUNS; count++) {
      const { id } = await call("POST /flow_runs/", { body: { flow_id: flow.id, state: { type: "PENDING" } } });
      if (!(await ids("PENDING")).includes(id)) missing.push(`${id} after its beginning`);
      for (const type of ["RUNNING", "COMPLETED"] as const)
        await call("POST /flow_runs/{id}/set_state", { params: { id }, body: { state: { type } } });
      if (!(await ids("COMPLETED")).includes(id)) missing.push(`${id} after its end`);
    }
    return missing;
  };
  const missing = await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(missing.flat()).toEqual([]);
  expect(await call("POST /flow_runs/count", { body: {} })).toBe(CLIENTS * RUNS);
});
