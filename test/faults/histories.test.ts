/** F14: what clients of one run are told, all at once, is what they would be told one after another. */
import { type Client, createClient } from "@millrace/contract/client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { makeTenant } from "../support/tenant.ts";
import { linearize } from "./histories/checker.ts";
import { type History, historyOf } from "./histories/clients.ts";
import { oneRun } from "./histories/one-run.ts";

/** `MILLRACE_HISTORIES` sets how many. */
const HISTORIES = Number(process.env.MILLRACE_HISTORIES ?? 200);
const OPERATIONS = 100;
const CLIENTS = 8;
/** Runs that have their clients at the same time. */
const AT_ONCE = 4;

let server: Server;
let client: Client;
beforeAll(async () => {
  server = await startServer({ tmpfs: true });
  const { apiUrl, key } = await makeTenant(server.local, "histories");
  client = createClient({ baseUrl: apiUrl, token: key });
});
afterAll(() => server.kill());

const histories: History[] = [];

test(`[FA18] what ${CLIENTS} clients of one run are told in ${OPERATIONS} operations fits one order of them, ${HISTORIES} times`, async () => {
  const flow = await client("POST /flows/", { body: { name: "histories" } });
  let seed = 0;
  const work = async () => {
    while (seed < HISTORIES)
      histories.push(await historyOf(client, flow.id, { seed: seed++, clients: CLIENTS, count: OPERATIONS }));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const unexplained = histories.filter(({ initial, operations }) => linearize(operations, oneRun(initial)) === null);
  expect(unexplained.slice(0, 1)).toEqual([]);
  expect(histories).toHaveLength(HISTORIES);
  // A history in which nobody waits for anybody, or nothing is refused, shows nothing.
  const all = histories.flatMap(({ operations }) => operations);
  expect(all).toHaveLength(HISTORIES * OPERATIONS);
  const overlapping = histories.map(
    ({ operations }) =>
      operations.filter((one) => operations.some((other) => other.called < one.called && one.called < other.answered))
        .length,
  );
  expect(Math.min(...overlapping)).toBeGreaterThan(OPERATIONS / 2);
  const statuses = all.map(({ does }) => (does.kind === "read" ? "read" : does.status));
  for (const kind of ["read", "ACCEPT", "REJECT", "ABORT"])
    expect(statuses.filter((one) => one === kind).length, kind).toBeGreaterThan(HISTORIES);
}, 300_000);

/** What a service that is not linearizable might have told. Each alters a history, or leaves it where it has no such place. */
const WRONG: Record<string, (history: History) => boolean> = {
  "a read of a state that was left before": ({ operations }) => {
    const states = accepted(operations);
    const [old, newer] = [states[0], states[1]];
    const read = operations.findLast(({ does, called }) => does.kind === "read" && called > (newer?.answered ?? 0));
    if (!old || !read) return false;
    read.does = { kind: "read", shown: old.does.shown };
    return true;
  },
  "a state that was accepted and that no later read shows": ({ operations }) => {
    const last = operations.findLast(({ does }) => does.kind === "read");
    if (last?.does.kind !== "read") return false;
    const end = operations.length * 2;
    const lost = { id: "lost", type: "CRASHED", name: "Crashed" } as const;
    const accepted = { kind: "propose", to: lost.type, force: true, status: "ACCEPT", shown: lost } as const;
    operations.push({ client: 0, called: end, answered: end + 1, does: accepted });
    operations.push({ client: 0, called: end + 2, answered: end + 3, does: last.does });
    return true;
  },
  "a state that was refused where the rules allow it": ({ operations }) => {
    const forced = operations.find(({ does }) => does.kind === "propose" && does.force);
    if (!forced) return false;
    forced.does = { kind: "propose", to: "RUNNING", force: true, status: "ABORT", shown: null };
    return true;
  },
};

test.each(Object.entries(WRONG))("[FA18] found: %s", (_what, alter) => {
  const altered = histories
    .slice(0, 20)
    .map((history) => structuredClone(history))
    .filter(alter);
  expect(altered.length).toBeGreaterThan(10);
  for (const { initial, operations } of altered) expect(linearize(operations, oneRun(initial))).toBeNull();
});

/** Operations that put a state in place, in the order of their answers. */
function accepted(operations: History["operations"]) {
  return operations.flatMap(({ does, ...times }) =>
    does.kind === "propose" && does.status === "ACCEPT" && does.shown
      ? [{ ...times, does: { ...does, shown: does.shown } }]
      : [],
  );
}
