import { runInDurableObject } from "cloudflare:test";
import type { WireEvent } from "@millrace/contract/events.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EventHub } from "../../durable-objects/event-hub/event-hub.ts";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, line, type TestRun } from "../../test/workerd/runs.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => void vi.restoreAllMocks());

async function open(path: string, token = a.key): Promise<TestSocket> {
  const socket = await TestSocket.open(path, { "sec-websocket-protocol": "prefect" });
  socket.send({ type: "auth", token });
  await socket.next();
  return socket;
}

async function subscribe(path: string, frame: object): Promise<TestSocket> {
  const socket = await open(path);
  socket.send({ type: "filter", ...frame });
  return socket;
}

const logsOf = (...runs: { id: string }[]) => ({ flow_run_id: { any_: runs.map(({ id }) => id) } });
const write = (run: TestRun, message: string, at: number) => run.object.appendLogs(a.owner, [line(message, at)], null);
async function messages(socket: TestSocket, count: number): Promise<string[]> {
  const heard: string[] = [];
  while (heard.length < count) heard.push((await socket.next()).log.message);
  return heard;
}
const watchers = (run: TestRun) => runInDurableObject(run.stub, (_, state) => state.getWebSockets().length);

describe("/logs/out", () => {
  test("[AP18] past lines come first, then new ones, each once; without backfill only new ones", async () => {
    const run = await begin(a.owner);
    await write(run, "one", 1);
    const all = await subscribe("/logs/out", { filter: logsOf(run) });
    const fresh = await subscribe("/logs/out", { filter: logsOf(run), backfill: false });
    expect(await messages(all, 1)).toEqual(["one"]);
    await vi.waitFor(async () => expect(await watchers(run)).toBe(2));
    await write(run, "two", 2);
    expect(await messages(all, 1)).toEqual(["two"]);
    expect(await messages(fresh, 1)).toEqual(["two"]);
  });

  test("[AP18] lines of several runs come over one socket, and all of them hear that it is gone", async () => {
    const runs = [await begin(a.owner), await begin(a.owner), await begin(a.owner)] as const;
    const socket = await subscribe("/logs/out", { filter: logsOf(...runs) });
    for (const run of runs) await vi.waitFor(async () => expect(await watchers(run)).toBe(1));
    for (const [at, run] of runs.entries()) await write(run, `line ${at}`, at);
    expect((await messages(socket, 3)).sort()).toEqual(["line 0", "line 1", "line 2"]);
    socket.close();
    for (const run of runs) await vi.waitFor(async () => expect(await watchers(run)).toBe(0));
  });

  test.each<[string, (run: TestRun) => object, number]>([
    ["[AP18] no run", () => ({}), 1008],
    ["[AP18] a run that is not there", () => logsOf({ id: uuidv7() }), 1008],
    ["[AP18] an id that is none", () => logsOf({ id: "x" }), 1002],
    ["[AP18] a field that nobody knows", (run) => ({ ...logsOf(run), surprise: 1 }), 1002],
    ["[AP18] a filter that is none", () => [] as object, 1002],
  ])("%s: the filter is refused with a reason", async (_case, filter, code) => {
    const run = await begin(a.owner);
    const socket = await subscribe("/logs/out", { filter: filter(run) });
    const closed = await socket.closed();
    expect(closed.code).toBe(code);
    expect(closed.reason).not.toBe("");
  });

  test("[AP18] another tenant's run is as one that is not there", async () => {
    const b = await makeTenant();
    const theirs = await begin(b.owner);
    await theirs.object.appendLogs(b.owner, [line("secret", 1)], null);
    const socket = await subscribe("/logs/out", { filter: logsOf(theirs) });
    expect((await socket.closed()).code).toBe(1008);
    expect(socket.unread()).toEqual([]);
  });
});

describe("/events/out", () => {
  test("[AP18] from the time that the filter names, or from now on", async () => {
    const run = await begin(a.owner);
    await run.set("RUNNING");
    const since = new Date(Date.now() - 60_000).toISOString();
    const all = await subscribe("/events/out", { filter: { occurred: { since } } });
    expect((await all.next()).event.event).toBe("prefect.flow-run.Pending");
    expect((await all.next()).event.event).toBe("prefect.flow-run.Running");
    const fresh = await subscribe("/events/out", {
      filter: { event: { prefix: ["prefect.flow-run."] } },
      backfill: false,
    });
    await vi.waitFor(async () => {
      await run.set("RUNNING", {}, { force: true });
      expect(fresh.unread().length).toBeGreaterThan(0);
    });
    expect(fresh.unread()[0]).toMatchObject({ type: "event", event: { event: "prefect.flow-run.Running" } });
  });

  test("[AP18] what another tenant's runs do is not heard", async () => {
    const b = await makeTenant();
    const socket = await subscribe("/events/out", { filter: { occurred: { since: "2020-01-01T00:00:00Z" } } });
    await begin(b.owner);
    const ours = await begin(a.owner);
    await ours.set("COMPLETED");
    expect((await socket.next()).event.resource["prefect.resource.id"]).toBe(`prefect.flow-run.${ours.id}`);
  });

  test.each([
    ["[AP97] asking for everything", () => ({})],
    ["[AP97] asking for another run", (other: string) => ({ resource: { id: [`prefect.flow-run.${other}`] } })],
    [
      "[AP97] asking for what relates to another",
      (other: string) => ({ any_resource: { id: [`prefect.flow-run.${other}`] } }),
    ],
  ])("%s: a run is shown its own events, past and live, and no others", async (_case, filter) => {
    const [own, other] = [await begin(a.owner), await begin(a.owner)];
    const { account, workspace } = a;
    const token = await signRunToken(testEnv, { account, workspace, run: own.id, generation: 1, key: null });
    const since = "2020-01-01T00:00:00Z";
    const asked: object = filter(other.id);
    const mine = await open("/events/out", token);
    mine.send({ type: "filter", filter: { ...asked, occurred: { since } } });
    const all = await subscribe("/events/out", { filter: { occurred: { since } } });
    await other.set("RUNNING");
    await own.set("RUNNING");
    const of = (run: TestRun) => `prefect.flow-run.${run.id}`;
    const heard = async (run: TestRun): Promise<void> => {
      for (;;) {
        const { event } = await all.next();
        if (event.event === "prefect.flow-run.Running" && event.resource["prefect.resource.id"] === of(run)) return;
      }
    };
    // Whoever hears everything has heard of both.
    await heard(own);
    await vi.waitFor(async () => {
      await own.set("RUNNING", {}, { force: true });
      if (Object.keys(asked).length === 0) expect(mine.unread().length).toBeGreaterThan(2);
    });
    const ids = (mine.unread() as { event: WireEvent }[]).map(({ event }) => event.resource["prefect.resource.id"]);
    expect(ids.filter((id) => id !== of(own))).toEqual([]);
    if (Object.keys(asked).length > 0) expect(ids).toEqual([]);
  });

  test("[AP18] a filter that is too large to be kept, or is none, is refused", async () => {
    const ids = Array.from({ length: 500 }, () => `prefect.flow-run.${uuidv7()}`);
    expect((await (await subscribe("/events/out", { filter: { resource: { id: ids } } })).closed()).code).toBe(1002);
    expect((await (await subscribe("/events/out", { filter: { event: "x" } })).closed()).code).toBe(1002);
    const early = await open("/events/out");
    early.send({ type: "hello" });
    expect((await early.closed()).code).toBe(1002);
  });

  test("[AP18] a socket that cannot be opened just now is closed, to come again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(EventHub.prototype, "fetch").mockRejectedValueOnce(new Error("crashed"));
    const socket = await subscribe("/events/out", { filter: {} });
    expect((await socket.closed()).code).toBe(1011);
  });
});

describe("/flow_runs/{id}/live", () => {
  test("[AP18] a run as it is, then each change, until it is deleted", async () => {
    const run = await begin(a.owner, { name: "watched" });
    const socket = await open(`/flow_runs/${run.id}/live`);
    expect(await socket.next()).toMatchObject({ type: "snapshot", flow_run: { id: run.id, name: "watched" } });
    await run.set("RUNNING");
    expect(await socket.next()).toMatchObject({ type: "flow_run", flow_run: { state_type: "RUNNING" } });
    await run.object.remove(a.owner, run.id);
    expect((await socket.closed()).reason).toBe("The run was deleted.");
  });

  test("[AP18] a run of another tenant, or of nobody, is not there", async () => {
    const theirs = await begin((await makeTenant()).owner);
    for (const id of [theirs.id, uuidv7()])
      expect((await (await open(`/flow_runs/${id}/live`)).closed()).code).toBe(1008);
  });
});
