/** What flows and tasks do by themselves, seen in the calls they make. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { runAdHoc } from "./ad-hoc-run.ts";
import { artifact } from "./artifact.ts";
import { ctx } from "./context.ts";
import { CancelledError, InputError, NonRetriable, TimeoutError, UpstreamError } from "./errors.ts";
import { type Flow, flow } from "./flow.ts";
import type { Future } from "./future.ts";
import { RecordingApi } from "./recording-api.ts";
import type { TaskRunEvent } from "./report/task-run-event.ts";
import { task, unmapped } from "./task.ts";

let api: RecordingApi;

beforeEach(async () => {
  api = await RecordingApi.start();
});
afterEach(() => api.stop());

/** Runs a flow against the recording server. */
const run = <R>(which: Pick<Flow<never, never, R>, "definition">, input?: unknown): Promise<R> =>
  runAdHoc(which.definition, input, {
    settings: { url: api.url, credential: { kind: "bearer", token: "key" }, source: "test" },
    screen: { write: () => {} },
  }) as Promise<R>;

const states = () =>
  api
    .bodies<{ state: { type: string; name?: string; message?: string; data?: unknown } }>("POST /flow_runs/*/set_state")
    .map((body) => body.state);
const events = () => api.bodies<TaskRunEvent[]>("POST /events").flat();
/** `fetch-0: Pending Running Completed` for each task run. */
const timeline = () => {
  const lines = new Map<string, string[]>();
  for (const event of events()) {
    const name = event.resource["prefect.resource.name"]!;
    lines.set(name, [...(lines.get(name) ?? []), event.resource["prefect.state-name"]!]);
  }
  return Object.fromEntries([...lines].map(([name, names]) => [name, names.join(" ")]));
};
const logged = () => api.bodies<{ message: string; level: number; task_run_id: string | null }[]>("POST /logs/").flat();

const double = task("double", async (n: number) => n * 2);

test("[SD1] a flow called by hand is a run: created, RUNNING before its code, COMPLETED after it, with its result", async () => {
  const whole = flow("whole", async ({ n }: { n: number }) => {
    expect(states().map((state) => state.type)).toEqual(["RUNNING"]);
    return { doubled: await double(n) };
  });
  expect(await run(whole, { n: 4 })).toEqual({ doubled: 8 });
  expect(api.bodies("POST /flow_runs/")[0]).toMatchObject({ parameters: { n: 4 }, state: { type: "PENDING" } });
  expect(states()).toMatchObject([{ type: "RUNNING" }, { type: "COMPLETED", data: { doubled: 8 } }]);
  expect(timeline()).toEqual({ "double-0": "Pending Running Completed" });
});

test("[SD63] a flow's time-out is told to the server, of a run by hand and of a subflow", async () => {
  const inner = flow("inner-limited", { timeout: "1m" }, async () => 1);
  const outer = flow("outer-limited", { timeout: 2.5 }, async () => inner());
  const free = flow("unlimited", async () => 1);
  await run(outer);
  await run(free);
  const labels = api.bodies("POST /flow_runs/").map((body) => (body as { labels: unknown }).labels);
  expect(labels).toEqual([{ "millrace.timeout-seconds": 2.5 }, { "millrace.timeout-seconds": 60 }, {}]);
});

test("[SD2] logs and events are at the API before the final state is proposed", async () => {
  const last = flow("last", async () => {
    ctx().log.info("about to end", { n: 1, text: "two words", error: new TypeError("x") });
    await double(1);
  });
  await run(last);
  const order = api.calls.map((call) => call.route.replace(/[0-9a-f-]{36}/, "*"));
  const final = order.lastIndexOf("POST /api/flow_runs/*/set_state");
  expect(order.lastIndexOf("POST /api/events")).toBeLessThan(final);
  expect(order.lastIndexOf("POST /api/logs/")).toBeLessThan(final);
  expect(logged()[0]?.message).toMatch(
    /^about to end n=1 text="two words" error="TypeError: x"\nTypeError: x\n {4}at /,
  );
});

test("[SD3] a task that fails is tried again, after AwaitingRetry, each time with a fresh signal", async () => {
  const signals = new Set<AbortSignal>();
  const attempts: number[] = [];
  const flaky = task("flaky", { retries: 2, retryDelay: ["10ms", "20ms"] }, () => {
    signals.add(ctx().signal);
    attempts.push(ctx().task!.attempt);
    if (attempts.length < 3) throw new Error(`no ${attempts.length}`);
    return "yes";
  });
  const retried = flow("retried", () => flaky());
  expect(await run(retried)).toBe("yes");
  expect(timeline()["flaky-0"]).toBe("Pending Running AwaitingRetry Retrying AwaitingRetry Retrying Completed");
  expect(attempts).toEqual([1, 2, 3]);
  expect(signals.size).toBe(3);
  const last = events().at(-1)!;
  expect(last.payload.task_run).toMatchObject({
    run_count: 3,
    flow_run_run_count: 1,
    empirical_policy: { retries: 2, retry_delay: [0.01, 0.02] },
  });
});

test("[SD4] NonRetriable and a retryIf that says no end the retries at once", async () => {
  let calls = 0;
  const never = task("never", { retries: 5 }, () => {
    calls++;
    throw new NonRetriable("broken for good");
  });
  const unwanted = task("unwanted", { retries: 5, retryIf: (error) => !(error instanceof TypeError) }, () => {
    calls++;
    throw new TypeError("wrong");
  });
  const both = flow("both", async () => {
    await expect(never()).rejects.toThrow("broken for good");
    await expect(unwanted()).rejects.toThrow("wrong");
  });
  await run(both);
  expect(calls).toBe(2);
  expect(timeline()).toEqual({ "never-0": "Pending Running Failed", "unwanted-0": "Pending Running Failed" });
});

test("[SD5] an attempt that takes too long has its signal aborted, is TimedOut, and is retried like any failure", async () => {
  let reason: unknown;
  const slow = task("slow", { timeout: "30ms", retries: 1 }, () => {
    const { signal, task: info } = ctx();
    if (info!.attempt === 2) return "fast";
    return new Promise<string>((_, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    });
  });
  const hopeless = task("hopeless", { timeout: "10ms" }, async () => {
    const { signal } = ctx();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const limited = flow("limited", async () => {
    const value = await slow();
    await expect(hopeless()).rejects.toThrow(TimeoutError);
    return value;
  });
  expect(await run(limited)).toBe("fast");
  expect(reason).toBeInstanceOf(TimeoutError);
  expect(timeline()).toEqual({
    "slow-0": "Pending Running AwaitingRetry Retrying Completed",
    "hopeless-0": "Pending Running TimedOut",
  });
});

test("[SD6] futures as arguments, alone or inside collections, are awaited and recorded as task inputs", async () => {
  const add = task("add", (a: number, rest: { more: readonly number[] }) => rest.more.reduce((sum, n) => sum + n, a));
  const adding = flow("adding", async () => {
    const one = double.submit(1);
    const two = double.submit(2);
    return await add(one, { more: [two, 5] });
  });
  expect(await run(adding)).toBe(2 + 4 + 5);
  const [one, two, sum] = ["double-0", "double-1", "add-0"].map(
    (name) => events().find((event) => event.resource["prefect.resource.name"] === name)!,
  );
  const idOf = (event: TaskRunEvent) => event.resource["prefect.resource.id"]!.replace("prefect.task-run.", "");
  expect(sum!.payload.task_run).toMatchObject({
    task_inputs: {
      arg0: [{ input_type: "task_run", id: idOf(one!) }],
      arg1: [{ input_type: "task_run", id: idOf(two!) }],
    },
  });
});

test("[SD7] a result that is handed on as an object is recorded as well", async () => {
  const make = task("make", () => ({ rows: 3 }));
  const use = task("use", (table: { rows: number }) => table.rows);
  const handing = flow("handing", async () => {
    const table = await make();
    return await use(table);
  });
  await run(handing);
  const made = events()[0]!.resource["prefect.resource.id"]!.replace("prefect.task-run.", "");
  expect(events().at(-1)!.payload.task_run).toMatchObject({
    task_inputs: { arg0: [{ input_type: "task_run", id: made }] },
  });
});

test("[SD8] map makes a task run for each item, in order; unmapped is the same for all", async () => {
  const scale = task("scale", (n: number, factors: readonly number[]) => n * factors[0]!);
  const mapping = flow("mapping", () => Promise.all(scale.map([1, 2, 3], unmapped([10, 20]))));
  expect(await run(mapping)).toEqual([10, 20, 30]);
  expect(Object.keys(timeline())).toEqual(["scale-0", "scale-1", "scale-2"]);
  const unequal = flow("unequal", () => Promise.all(scale.map([1, 2], [[1], [2], [3]])));
  await expect(run(unequal)).rejects.toThrow("different lengths (2, 3)");
});

test("[SD9] a task waits for waitFor, and one whose upstream failed is never begun: NotReady", async () => {
  let ran = false;
  const broken = task("broken", () => {
    throw new Error("no");
  });
  const after = task("after", () => {
    ran = true;
  });
  const chained = flow("chained", async () => {
    const first = broken.submit();
    await expect(after.with({ waitFor: [first] })()).rejects.toThrow(UpstreamError);
  });
  await run(chained);
  expect(ran).toBe(false);
  expect(timeline()["after-0"]).toBe("Pending NotReady");
});

test("[SD10] a failed future that nobody looked at fails the flow, not the process", async () => {
  const broken = task("unseen", async () => {
    throw new Error("nobody looked");
  });
  const careless = flow("careless", () => {
    broken.submit();
    return "fine";
  });
  await expect(run(careless)).rejects.toThrow("nobody looked");
  expect(states().at(-1)).toMatchObject({ type: "FAILED", message: "Error: nobody looked" });
});

test("[SD11] a flow that fails is FAILED with its message, and its stack is in the log", async () => {
  const failing = flow("failing", () => {
    throw new RangeError("out of it", { cause: new Error("the cause") });
  });
  await expect(run(failing)).rejects.toThrow(RangeError);
  expect(states().at(-1)).toMatchObject({ type: "FAILED", message: "RangeError: out of it" });
  const line = logged().find((one) => one.level === 40)!;
  expect(line.message).toMatch(/The flow failed\.\nRangeError: out of it\n {4}at [\s\S]*Caused by: Error: the cause/);
});

test("[SD12] input is checked by any Standard Schema before a run exists; defaults reach the function", async () => {
  const typed = flow(
    "typed",
    { input: z.object({ urls: z.array(z.url()).min(1), locale: z.string().default("en") }) },
    (p) => p.locale,
  );
  expect(await run(typed, { urls: ["https://a.b"] })).toBe("en");
  api.calls.length = 0;
  const error = await run(typed, { urls: ["x"] }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).issues).toMatchObject([{ field: "urls[0]" }]);
  expect(api.calls).toEqual([]);
});

test("[SD13] a flow in a flow is a run of its own under a parent task run", async () => {
  const inner = flow("inner", async ({ n }: { n: number }) => (await double(n)) + 1);
  const outer = flow("outer", async () => inner({ n: double.submit(5) }));
  expect(await run(outer)).toBe(21);
  const parent = api.bodies("POST /task_runs/")[0]!;
  expect(parent).toMatchObject({ name: "inner-0", task_key: "inner", dynamic_key: "0" });
  const child = api.bodies("POST /flow_runs/")[1]!;
  expect(child).toMatchObject({ parent_task_run_id: parent.id, parameters: { n: 10 } });
  expect(states().map((state) => state.type)).toEqual(["RUNNING", "RUNNING", "COMPLETED", "COMPLETED"]);
  const flows = new Set(events().map((event) => event.related[1]!["prefect.resource.name"]));
  expect([...flows]).toEqual(["outer", "inner"]);
});

test("[SD14] at most concurrentTasks tasks run at once, and a task within a task cannot wait for its caller's slot", async () => {
  let live = 0;
  let most = 0;
  const busy = task("busy", async (n: number) => {
    most = Math.max(most, ++live);
    await double(n);
    live--;
  });
  const narrow = flow("narrow", { concurrentTasks: 2 }, async () => {
    await Promise.all(busy.map([1, 2, 3, 4, 5]));
  });
  await run(narrow);
  expect(most).toBe(2);
});

test("[SD15] AwaitingRetry from the server begins the flow anew, in the same process, with task runs of its own", async () => {
  let attempts = 0;
  let refusals = 0;
  api.override = ({ route, body }) => {
    const { state } = (body ?? {}) as { state?: { type: string } };
    if (!route.endsWith("/set_state") || state?.type !== "FAILED" || refusals++ > 0) return null;
    const due = new Date(Date.now() + 30).toISOString();
    return {
      status: 201,
      body: {
        state: { id: "x", type: "SCHEDULED", name: "AwaitingRetry", state_details: { scheduled_time: due } },
        status: "REJECT",
        details: { type: "reject_details", reason: "again" },
      },
    };
  };
  const again = flow("again", { retries: 1 }, async () => {
    await double(1);
    if (++attempts === 1) throw new Error("first");
    return ctx().run.attempt;
  });
  expect(await run(again)).toBe(2);
  expect(states().map((state) => state.type)).toEqual(["RUNNING", "FAILED", "RUNNING", "COMPLETED"]);
  const keys = new Set(events().map((event) => (event.payload.task_run as { dynamic_key: string }).dynamic_key));
  expect([...keys]).toEqual(["0", "0-2"]);
});

test("[SD16] a refused report stops everything: 409 aborts the signal as lost, and nothing more is reported", async () => {
  api.override = ({ route }) =>
    route.endsWith("/events") ? { status: 409, body: { detail: "generation 4 is live" } } : null;
  let reason: unknown;
  const fenced = flow("fenced", async () => {
    await double(1);
    const { signal } = ctx();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    reason = signal.reason;
  });
  await expect(run(fenced)).rejects.toThrow("generation 4 is live");
  expect(reason).toMatchObject({ name: "LeaseLostError" });
  expect(states().map((state) => state.type)).toEqual(["RUNNING"]);
});

test("[SD17] an unknown or refused run is not begun", async () => {
  api.override = ({ route }) =>
    route.endsWith("/set_state")
      ? {
          status: 200,
          body: { state: null, status: "ABORT", details: { type: "abort_details", reason: "The run has ended" } },
        }
      : null;
  let ran = false;
  const refused = flow("refused", () => {
    ran = true;
  });
  await expect(run(refused)).rejects.toThrow("The run has ended");
  expect(ran).toBe(false);
});

test("[SD17] a run that was cancelled before it began is CANCELLED without having run", async () => {
  api.override = ({ route, body }) =>
    route.endsWith("/set_state") && (body as { state: { type: string } }).state.type === "RUNNING"
      ? {
          status: 200,
          body: {
            state: { id: "x", type: "CANCELLING", name: "Cancelling", state_details: {} },
            status: "REJECT",
            details: { type: "reject_details", reason: "being cancelled" },
          },
        }
      : null;
  const early = flow("early", () => "ran");
  await expect(run(early)).rejects.toThrow(CancelledError);
  expect(states().map((state) => state.type)).toEqual(["RUNNING", "CANCELLED"]);
});

test("[SD18] WAIT is obeyed, and the question asked again", async () => {
  let asked = 0;
  api.override = ({ route }) =>
    route.endsWith("/set_state") && ++asked === 1
      ? {
          status: 201,
          body: { state: null, status: "WAIT", details: { type: "wait_details", delay_seconds: 0, reason: "soon" } },
        }
      : null;
  const waiting = flow("waiting", () => "ran");
  expect(await run(waiting)).toBe("ran");
  expect(states().map((state) => state.type)).toEqual(["RUNNING", "RUNNING", "COMPLETED"]);
});

test("[SD19] a result that is no JSON is not kept; the run completes and its log says why", async () => {
  const odd = flow("odd", () => ({ when: { at: new Map() } }));
  await run(odd);
  expect(states().at(-1)).toMatchObject({ type: "COMPLETED", data: null });
  expect(logged().map((line) => line.message)).toContain(
    "The result is not kept: result.when.at is a Map, which JSON does not know.",
  );
});

test("[SD20] artifacts belong to their run and task; a progress bar is moved, and its last value arrives", async () => {
  const leaves = task("leaves", async () => {
    await artifact.markdown({ key: "note", markdown: "# hi" });
    await artifact.table({ key: "rows", rows: [{ a: 1 }] });
    await artifact.link({ link: "https://x.y/z", text: "there" });
    const bar = await artifact.progress({ key: "bar" });
    for (let percent = 1; percent <= 100; percent++) bar.set(percent);
  });
  const leaving = flow("leaving", () => leaves());
  await run(leaving);
  const made = api.bodies("POST /artifacts/");
  expect(made.map(({ type, data }) => [type, data])).toEqual([
    ["markdown", "# hi"],
    ["table", '[{"a":1}]'],
    ["markdown", "[there](https://x.y/z)"],
    ["progress", 0],
  ]);
  expect(new Set(made.map((one) => one.task_run_id)).size).toBe(1);
  const moved = api.bodies("PATCH /artifacts/*");
  expect(moved.at(-1)).toEqual({ data: 100 });
  expect(moved.length).toBeLessThan(10);
});

test("[SD21] logPrints makes a log of the console, with the task that wrote; other consoles are left alone", async () => {
  const chatty = task("chatty", () => console.log("from %s", "task"));
  const printing = flow("printing", { logPrints: true }, async () => {
    console.warn("from flow");
    await chatty();
  });
  await run(printing);
  expect(logged()).toMatchObject([
    { message: "from flow", level: 30, task_run_id: null },
    { message: "from task", level: 20, task_run_id: expect.any(String) },
    { level: 20 },
  ]);
});

test("[SD22] a task that ignores its flow's failure is told, and its run is CANCELLED", async () => {
  const endless = task("endless", async () => {
    const { signal } = ctx();
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  let left: Future<void> | undefined;
  const failing = flow("leaves-task", async () => {
    left = endless.submit();
    await double(1);
    throw new Error("flow failed");
  });
  await expect(run(failing)).rejects.toThrow("flow failed");
  expect(timeline()["endless-0"]).toBe("Pending Running Cancelled");
  await expect(left).rejects.toThrow(CancelledError);
});

test("[SD23] tasks and ctx() outside of a flow say what to do instead", async () => {
  expect(() => double(1)).toThrow("Call it in a flow");
  expect(() => ctx()).toThrow("outside of a flow or task");
  expect(await double.fn(4)).toBe(8);
});

/** The recording server with a memory for checkpoints, and a server that lets a failed flow try again `times`. */
/** As the API lists it: a large value has to be read by itself. */
function listed(key: string, value: unknown): object {
  const large = JSON.stringify(value).length > 64 * 1024;
  return { key, value: large ? null : value, large };
}

function remembering(times: number): Map<string, unknown> {
  const kept = new Map<string, unknown>();
  let failures = 0;
  api.override = ({ route, body }) => {
    const [method, path] = route.split(" ") as [string, string];
    const key = /\/checkpoints\/([^/?]+)$/.exec(path)?.[1];
    if (method === "PUT" && key) {
      kept.set(decodeURIComponent(key), (body as { value: unknown }).value);
      return { status: 200, body: {} };
    }
    if (key) return { status: 200, body: { value: kept.get(decodeURIComponent(key)) } };
    if (/\/checkpoints\/\?/.test(path))
      return { status: 200, body: [...kept].map(([name, value]) => listed(name, value)) };
    const { state } = (body ?? {}) as { state?: { type?: string } };
    if (!path.endsWith("/set_state") || state?.type !== "FAILED" || ++failures > times) return null;
    const scheduled = { type: "SCHEDULED", name: "AwaitingRetry", state_details: { scheduled_time: null } };
    return {
      status: 200,
      body: { state: scheduled, status: "REJECT", details: { type: "reject_details", reason: "again" } },
    };
  };
  return kept;
}

test("[SD60] a task whose result was kept is not run again by the next attempt, and gives what it gave", async () => {
  const kept = remembering(1);
  const ran: string[] = [];
  const step = task("step", async (n: number) => {
    ran.push(`step ${n}`);
    return { n };
  });
  const nothing = task("nothing", async () => void ran.push("nothing"));
  const much = task("much", async () => {
    ran.push("much");
    return { storage_key: "m".repeat(100_000) };
  });
  const shaky = task("shaky", async () => {
    ran.push("shaky");
    if (ran.filter((one) => one === "shaky").length === 1) throw new Error("once");
  });
  const lasting = flow("lasting", { checkpoints: true, retries: 1 }, async () => {
    const results = [await step(1), await step(2), await nothing(), (await much()).storage_key.length];
    await shaky();
    return results;
  });
  expect(await run(lasting)).toEqual([{ n: 1 }, { n: 2 }, undefined, 100_000]);
  expect(ran).toEqual(["step 1", "step 2", "nothing", "much", "shaky", "shaky"]);
  expect([...kept.keys()]).toEqual(["task/step/0", "task/step/1", "task/nothing/0", "task/much/0", "task/shaky/0"]);
  expect(timeline()).toMatchObject({
    "step-0": "Pending Running Completed Pending Cached",
    "shaky-0": "Pending Running Failed Pending Running Completed",
  });
});

test("[SD61] only tasks that ask for it keep their results, and one that cannot be kept says so and goes on", async () => {
  const kept = remembering(0);
  const plain = task("plain", async () => 1);
  const strange = task("strange", { checkpoint: true }, async () => new Map([[1, 2]]));
  const mixed = flow("mixed", async () => (await plain()) + (await strange()).size);
  expect(await run(mixed)).toBe(2);
  const vast = task("vast", { checkpoint: true }, async () => "v".repeat(4_200_000));
  expect(await run(flow("vast", async () => (await vast()).length))).toBe(4_200_000);
  expect([...kept.keys()]).toEqual([]);
  expect(logged().filter(({ message }) => /not kept: it has 42000\d\d bytes/.test(message))).toHaveLength(1);
  expect(logged().some(({ message }) => message.includes("not kept"))).toBe(true);
});

test("[SD61] a run without checkpoints asks for none", async () => {
  await run(flow("none", async () => double(1)));
  expect(api.calls.filter(({ route }) => route.includes("checkpoints"))).toEqual([]);
});
