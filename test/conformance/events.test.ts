/** The recorded events once more, as a bad network would bring them: late, twice, in another order, over several sockets. */
import { createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { Socket } from "../support/socket.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { Mapping } from "./mapping.ts";
import { recordedTaskRuns } from "./recorded-task-runs.ts";
import { type Frame, type Line, readRecording, stringify, type Value } from "./recording.ts";

const lines = readRecording("s01");
const recorded = recordedTaskRuns(lines);
const isEvent = (line: Line): line is Frame =>
  line.kind === "frame" &&
  line.event === ">" &&
  String((line.frame as Record<string, Value>).event).startsWith("prefect.");

let server: Server;
let tenant: Tenant;
beforeAll(async () => {
  server = await startServer();
  tenant = await makeTenant(server.local, "events");
});
afterAll(() => server.stop());

/** A generator of numbers below 1 that a seed repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = random(seed);
  return items
    .map((item) => ({ item, at: next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

async function connect(): Promise<Socket> {
  const socket = await Socket.open(`${tenant.apiUrl}/events/in`, ["prefect"]);
  socket.send({ type: "auth", token: tenant.key });
  expect(JSON.parse(await socket.next())).toEqual({ type: "auth_success" });
  return socket;
}

/** Makes the two flow runs that the events speak of, and sends the events in the order of `seed`, each `times`. */
async function play(seed: number, times: number, sockets: number): Promise<Mapping> {
  const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
  const mapping = new Mapping();
  mapping.begin("2026-11-24T13:16:00.000000Z");
  for (const id of new Set(recorded.flatMap((one) => one.flow_run_id ?? []))) {
    const flow = await client("POST /flows/", { body: { name: `flow-${seed}` } });
    const run = await client("POST /flow_runs/", { body: { flow_id: flow.id, state: { type: "RUNNING" } } });
    mapping.bindId(id, run.id);
  }
  const events = lines.filter(isEvent).map((line) => stringify(mapping.toLive(line.frame)));
  const open = await Promise.all(Array.from({ length: sockets }, connect));
  for (const [index, event] of shuffled(Array.from({ length: times }, () => events).flat(), seed).entries()) {
    open[index % sockets]?.send(event);
  }
  for (const socket of open) {
    await socket.confirm();
    socket.close();
  }
  return mapping;
}

describe.each([1, 2, 3, 4, 5])("seed %i", (seed) => {
  test(`[CF8] [AP8] task runs stand where their last event left them (seed ${seed})`, async () => {
    const mapping = await play(seed, 2, 3);
    const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
    const ids = recorded.map((one) => mapping.id(one.id) as string);
    await vi.waitFor(
      async () => {
        const runs = await client("POST /task_runs/filter", { body: { task_runs: { id: { any_: ids } } } });
        expect(runs).toHaveLength(recorded.length);
        for (const one of recorded) {
          const run = runs.find(({ id }) => id === mapping.id(one.id));
          expect(run).toMatchObject(mapping.toLive(one as unknown as Value) as object);
        }
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});
