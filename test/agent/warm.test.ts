/** Processes that an agent keeps ready: real ones, seen from outside. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { isAlive, processTree } from "../support/processes.ts";
import { type AgentProcess, until, Workshop } from "./workshop.ts";

interface Seen {
  count: number;
  pid: number;
  folder: string;
  temporary: string;
  given: string | null;
  left: string | null;
  run: string;
  arguments: number;
  /** When its process was. */
  started: number;
}

let shop: Workshop;
let agent: AgentProcess;

beforeAll(async () => {
  shop = await Workshop.open();
  await shop.deploy("--env", "GIVEN=by the deployment", "--name", "with-env");
});
afterEach(async () => {
  agent.signal("SIGTERM");
  await agent.ended;
});
afterAll(() => shop?.close());

/** The processes of an agent in which runs begin. */
function children(): number[] {
  return processTree(agent.process.pid as number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("runner/child.js");
    } catch {
      return false;
    }
  });
}

/** The process that waits when that of the last run, `ended`, is gone: a run may be over a moment before its process. */
async function waitingProcess(ended: number): Promise<number> {
  await until("one process waits", () => children().length === 1 && children()[0] !== ended);
  return children()[0] as number;
}

async function seenBy(deployment: string): Promise<Seen> {
  const run = await shop.end((await shop.start(deployment)).id);
  expect(run).toMatchObject({ state_type: "COMPLETED", run_count: 1 });
  return run.state!.data as unknown as Seen;
}

test("[AG62] each run has a process of its own that is as new, although it waited: nothing of an earlier run is in it", async () => {
  agent = await shop.agent();
  const first = await seenBy("counting");
  const waiting = await waitingProcess(first.pid);
  const second = await seenBy("counting");
  expect(second.pid).toBe(waiting);
  expect(second.pid).not.toBe(first.pid);
  for (const { count, folder, temporary, run, left, given } of [first, second]) {
    expect({ count, left, given, temporary }).toEqual({ count: 1, left: null, given: null, temporary: folder });
    expect(folder).toContain(run);
  }
  expect(second.run).not.toBe(first.run);
  // A run sees no more of how it was started than in a process that did not wait.
  expect(second.arguments).toBe(first.arguments);
  // Another deployment's variables, and then these again.
  expect(await seenBy("counting/with-env")).toMatchObject({ count: 1, given: "by the deployment", left: null });
  expect(await seenBy("counting")).toMatchObject({ count: 1, given: null, left: null });
  const [waited] = children();
  agent.signal("SIGTERM");
  expect(await agent.ended).toBe(0);
  await until("nothing waits any more", () => !isAlive(waited as number));
});

test("[AG62] what waits is told nothing of the run: neither token nor parameters are in its environment or arguments", async () => {
  agent = await shop.agent();
  const { pid } = await seenBy("counting");
  const waiting = await waitingProcess(pid);
  for (const file of ["environ", "cmdline"])
    expect(readFileSync(`/proc/${waiting}/${file}`, "utf8")).not.toMatch(/MILLRACE_API_KEY|mr[a-z]?_|eyJ/);
});

test("[AG62] a run of a process that waited is cancelled like any other", async () => {
  agent = await shop.agent();
  const { pid } = await seenBy("counting");
  const waiting = await waitingProcess(pid);
  const { id } = await shop.start("waiting", { pids: shop.path("warm-pids") });
  await until("the run has begun", async () => (await shop.read(id)).state_type === "RUNNING");
  expect((await shop.run("runs", "cancel", id)).code).toBe(0);
  expect((await shop.end(id)).state_type).toBe("CANCELLED");
  await until("its process is gone", () => !children().includes(waiting));
});

test("[AG63] a process that is killed while it waits harms no run, and is replaced", async () => {
  agent = await shop.agent();
  const { pid } = await seenBy("counting");
  const waiting = await waitingProcess(pid);
  process.kill(waiting, "SIGKILL");
  const { id } = await shop.start("counting");
  expect(await shop.end(id)).toMatchObject({ state_type: "COMPLETED", run_count: 1 });
  await until("another waits", () => children().some((pid) => pid !== waiting));
  await seenBy("counting");
});

test("[AG64] with --no-warm each process was started after its run was made", async () => {
  agent = await shop.agent({ args: ["--no-warm"] });
  for (let run = 0; run < 3; run++) {
    const { id, created } = await shop.start("counting");
    const { started } = (await shop.end(id)).state!.data as unknown as Seen;
    expect(started).toBeGreaterThan(Date.parse(created!));
  }
  await until("no process is left", () => children().length === 0);
});
