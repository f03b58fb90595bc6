import { evictDurableObject } from "cloudflare:test";
import type { WireEvent } from "@millrace/contract/events.ts";
import { formatInstant, fromMilliseconds, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, indexRows, newOwner } from "../../test/workerd/runs.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { eventHubAt } from "../addresses.ts";
import type { Owner } from "../flow-run/rpc.ts";
import { pack } from "../kit/packed.ts";
import type { Announcement, FlowRunRow } from "./rpc.ts";
import { RUN_COLUMNS } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner(1);
});
afterEach(() => void vi.restoreAllMocks());

const SHARD = testEnv.SHARD_1;
const hub = () => eventHubAt(testEnv, owner.workspace);
const stub = () => testEnv.EVENT_HUB.get(testEnv.EVENT_HUB.idFromName(owner.workspace));
const announce = (announcement: Partial<Announcement>, urgent = true) =>
  hub().announce(owner, pack([{ events: [], ...announcement }]), urgent);

/** A run's row; columns that are not named are null, or the least that the table takes. */
function row(id: string, version: number, named: Record<string, unknown> = {}): FlowRunRow {
  const least = {
    id,
    version,
    flow_id: uuidv7(),
    name: "run",
    tags: "[]",
    created: 1,
    updated: version,
    task_run_ids: "",
    body: "{}",
  };
  const cells = { ...least, ...named } as Record<string, string | number>;
  return { id, version, cells: pack(RUN_COLUMNS.map((column) => cells[column] ?? null)) };
}

const event = (name: string, changes: Partial<WireEvent> = {}): WireEvent => ({
  ...{ id: uuidv7(), event: name, occurred: formatInstant(fromMilliseconds(Date.now())) },
  ...{ resource: { "prefect.resource.id": "a" }, related: [], payload: {}, follows: null },
  received: formatInstant(fromMilliseconds(Date.now())),
  ...changes,
});

async function storedEvents(): Promise<WireEvent[]> {
  const { results } = await testEnv.SHARD_1.prepare(
    "SELECT body FROM event_batches WHERE workspace_id = ?1 ORDER BY received, id",
  )
    .bind(owner.workspace)
    .all<{ body: string }>();
  return results.flatMap(({ body }) => JSON.parse(body) as WireEvent[]);
}

async function subscribe(subscription: object): Promise<TestSocket> {
  const query = JSON.stringify({ ...owner, filter: {}, since: null, until: null, ...subscription });
  const { webSocket, status } = await stub().fetch(`http://hub/events?subscription=${encodeURIComponent(query)}`, {
    headers: { upgrade: "websocket" },
  });
  if (!webSocket) throw new Error(String(status));
  return new TestSocket(webSocket);
}

/** Names of the next frames. */
async function names(socket: TestSocket, count: number): Promise<string[]> {
  const heard: string[] = [];
  while (heard.length < count) heard.push((await socket.next()).event.event);
  return heard;
}

describe("being heard", () => {
  test("[EH1] an announcement is heard when its row and its events are stored", async () => {
    const [run, told] = [uuidv7(), event("told")];
    await announce({ run: row(run, 1), events: [told] });
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ id: run, version: 1 })]);
    expect(await storedEvents()).toEqual([told]);
  });

  test("[EH1] a caller whose announcement could not be stored is told so, and the next one is stored", async () => {
    const away = vi.spyOn(SHARD, "batch").mockRejectedValue(new Error("away"));
    await expect(announce({ run: row(uuidv7(), 1) })).rejects.toThrow("away");
    away.mockRestore();
    const run = uuidv7();
    await announce({ run: row(run, 1) });
    expect((await indexRows(owner)).map(({ id }) => id)).toEqual([run]);
  });

  test("[EH1] one that can wait is stored with the next urgent one, or when somebody asks", async () => {
    const [waits, urgent, asked] = [uuidv7(), uuidv7(), uuidv7()];
    const later = announce({ run: row(waits, 1) }, false);
    await announce({ run: row(urgent, 1) }, true);
    await later;
    expect((await indexRows(owner)).map(({ id }) => id).sort()).toEqual([waits, urgent].sort());
    const last = announce({ run: row(asked, 1) }, false);
    await hub().settle();
    expect(await indexRows(owner)).toHaveLength(3);
    await last;
  });

  test("[EH1] what comes together costs one batch of the shard", async () => {
    const batch = vi.spyOn(SHARD, "batch");
    const first = announce({ run: row(uuidv7(), 1) }, true);
    const rest = Array.from({ length: 50 }, () => announce({ run: row(uuidv7(), 1), events: [event("x")] }, true));
    await Promise.all([first, ...rest]);
    expect(batch.mock.calls.length).toBeLessThan(10);
    expect(await indexRows(owner)).toHaveLength(51);
  });

  test("[EH5] an announcement that the shard refuses costs the others nothing", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const good = [uuidv7(), uuidv7()];
    // More than SQLite takes in one value.
    const refused = row(uuidv7(), 1, { body: "x".repeat(18_000_000) });
    const all = [announce({ run: row(good[0] as string, 1) }, false), announce({ run: refused }, false)];
    all.push(announce({ run: row(good[1] as string, 1) }, true));
    await Promise.all(all);
    expect((await indexRows(owner)).map(({ id }) => id).sort()).toEqual(good.sort());
  });
});

describe("the index", () => {
  test("[EH2] the newest version of a run stays, in whatever order versions come", async () => {
    const run = uuidv7();
    for (const version of [2, 5, 1, 5, 3, 4]) await announce({ run: row(run, version, { name: `v${version}` }) });
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ version: 5, name: "v5" })]);
  });

  test("[EH2] of several versions in one batch the newest counts", async () => {
    const run = uuidv7();
    const all = [3, 1, 4, 2].map((version) => announce({ run: row(run, version) }, false));
    await hub().settle();
    await Promise.all(all);
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ version: 4 })]);
  });

  test("[EH2] telling twice is telling once", async () => {
    const told: Partial<Announcement> = { run: row(uuidv7(), 1) };
    await announce(told);
    await announce(told);
    expect(await indexRows(owner)).toHaveLength(1);
  });

  test("[EH2] a run that is removed is off the index, and removing nothing is no fault", async () => {
    const run = uuidv7();
    await announce({ run: row(run, 1) });
    await announce({ removed: { id: run, created: instant(1) } });
    await announce({ removed: { id: uuidv7(), created: instant(1) } });
    expect(await indexRows(owner)).toEqual([]);
  });

  test("[EH7] what was told of a run before its deletion and comes later is not listed, unlike another run of its id", async () => {
    const run = uuidv7();
    await announce({ run: row(run, 1) });
    await announce({ removed: { id: run, created: instant(1) } });
    await announce({ run: row(run, 2) });
    expect(await indexRows(owner)).toEqual([]);
    await announce({ run: row(run, 1, { created: 2 }) });
    await announce({ removed: { id: run, created: instant(1) } });
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ id: run, created: 2 })]);
  });

  test("[EH2] hundreds of large rows are stored, though no statement takes them all", async () => {
    const body = JSON.stringify("x".repeat(30_000));
    const all = Array.from({ length: 100 }, () => announce({ run: row(uuidv7(), 1, { body }) }, false));
    await hub().settle();
    await Promise.all(all);
    expect(await indexRows(owner)).toHaveLength(100);
  });
});

describe("subscribers", () => {
  test("[EH3] a subscriber gets past events, then live ones, each once", async () => {
    await announce({ events: [event("one"), event("two")] });
    const waiting = announce({ events: [event("three")] }, false);
    const socket = await subscribe({ since: 0 });
    await announce({ events: [event("four")] });
    expect(await names(socket, 4)).toEqual(["one", "two", "three", "four"]);
    await waiting;
    expect(socket.unread()).toEqual([]);
  });

  test("[EH3] live events that come while the past is read are kept for it", async () => {
    const past = event("past");
    await announce({ events: [past] });
    const all = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_1.prepare("SELECT 1")), "all");
    const read = Promise.withResolvers<void>();
    all.mockImplementationOnce(async () => {
      await read.promise;
      return { results: [{ body: JSON.stringify([past]) }] } as never;
    });
    const socket = await subscribe({ since: 0 });
    await vi.waitFor(() => expect(all).toHaveBeenCalled());
    await announce({ events: [event("live"), past] });
    expect(socket.unread()).toEqual([]);
    read.resolve();
    expect(await names(socket, 2)).toEqual(["past", "live"]);
    await announce({ events: [event("last")] });
    expect(await names(socket, 1)).toEqual(["last"]);
  });

  test("[EH3] an event that is announced twice is shown once", async () => {
    const socket = await subscribe({});
    const told = event("told");
    await announce({ events: [told] });
    await announce({ events: [told, event("next")] });
    expect(await names(socket, 2)).toEqual(["told", "next"]);
  });

  test("[EH3] each subscriber gets what its filter and its span of time mean", async () => {
    const old = event("a.old", { occurred: "2020-01-01T00:00:00.000000Z" });
    await announce({ events: [old, event("a.new"), event("b.new")] });
    const since = Date.parse("2021-01-01") * 1000;
    const [a, everything] = [
      await subscribe({ since, filter: { event: { prefix: ["a."] } } }),
      await subscribe({ since: 0, until: since }),
    ];
    await announce({ events: [event("b.live"), event("a.live")] });
    expect(await names(a, 2)).toEqual(["a.new", "a.live"]);
    expect((await names(everything, 1))[0]).toBe("a.old");
  });

  test("[EH3] a subscriber whose past cannot be read is closed, to come again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_1.prepare("SELECT 1")), "all").mockRejectedValueOnce(
      new Error("away"),
    );
    const socket = await subscribe({ since: 0 });
    expect(await socket.closed()).toMatchObject({ code: 1011 });
  });

  test("[EH3] a subscriber sleeps and wakes with its hub", async () => {
    const socket = await subscribe({ filter: { event: { prefix: ["a."] } } });
    await announce({ events: [event("a.one")] });
    expect(await names(socket, 1)).toEqual(["a.one"]);
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    await announce({ events: [event("b.two"), event("a.two")] });
    expect(await names(socket, 1)).toEqual(["a.two"]);
  });

  test("[EH3] a run's states are heard in their order", async () => {
    const socket = await subscribe({});
    const run = await begin(owner);
    await run.set("RUNNING");
    await run.set("COMPLETED");
    const heard = await names(socket, 3);
    expect(heard).toEqual(["Pending", "Running", "Completed"].map((name) => `prefect.flow-run.${name}`));
  });
});

describe("tenants", () => {
  test("[EH4] a hub is its workspace's alone: another one can neither tell nor hear", async () => {
    const other = newOwner(1);
    const told = hub().announce(other, pack([{ run: row(uuidv7(), 1), events: [event("x")] }]), true);
    await expect(told).rejects.toThrow();
    expect(await indexRows(other)).toEqual([]);
    await expect(subscribe({ workspace: other.workspace })).rejects.toThrow("404");
  });
});

test("[EH6] a task run is found by its id as long as the hub remembers, and the last to tell of it counts", async () => {
  const [task, first, second] = [uuidv7(), uuidv7(), uuidv7()];
  expect(await hub().locate(task)).toBeNull();
  for (const flowRun of [first, second]) await announce({ located: { flowRun, taskRuns: [task] } });
  expect(await hub().locate(task)).toBe(second);
});
