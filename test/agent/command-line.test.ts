/** The command line as built, against the real service. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../gates/tree.ts";
import { startImpostor } from "../support/impostor.ts";
import { CLI, FLOWS, linesOf, until, Workshop } from "./workshop.ts";

let shop: Workshop;

beforeAll(async () => {
  shop = await Workshop.open();
  await shop.agent();
});
afterAll(() => shop?.close());

const json = <T = Record<string, unknown>>(text: string): T => JSON.parse(text) as T;

test("[CL20] deployment run --watch follows a run: log and steps to stderr, the result to stdout, exit code 0", async () => {
  const { code, stdout, stderr } = await shop.run(
    "deployment",
    "run",
    "whole/default",
    "-p",
    "n=2",
    "-p",
    "who=007",
    "--watch",
  );
  expect(code).toBe(0);
  expect(json(stdout)).toEqual({ sum: 9, who: "007" });
  expect(stderr).toContain("hello 007 n=2");
  expect(stderr).toContain("✓ double-0 Completed");
  expect(stderr).toMatch(/\/runs\/flow-run\/[0-9a-f-]{36}/);
});

test.each([
  ["failing", 10, "FAILED"],
  ["leaving", 11, "CRASHED"],
] as const)("[CL21] the exit code says how a followed run ended: %s is %i", async (flow, code, state) => {
  const ran = await shop.run("deployment", "run", `${flow}/default`, "--watch", "-o", "json");
  expect(ran.code).toBe(code);
  expect(json(ran.stdout)).toMatchObject({ state, result: null });
});

test("[CL21] the exit code says how a followed run ended: cancelled is 12", async () => {
  const pids = shop.path("cancelled-pids");
  const { id } = await shop.start("waiting", { pids });
  const watching = shop.run("runs", "watch", id);
  await until("the run is under way", async () => (await shop.read(id)).state_type === "RUNNING");
  await shop.run("runs", "cancel", id);
  expect((await watching).code).toBe(12);
});

test("[CL22] a run is found by its id, the beginning of it, its name and its page; what fits several runs is listed", async () => {
  const { id, name } = await shop.start("printing");
  await shop.end(id);
  await shop.listed(id, "COMPLETED");
  for (const meant of [id, id.slice(0, 18), name, `${shop.server.local.url}/runs/flow-run/${id}`]) {
    const { stdout } = await shop.run("runs", "get", meant, "-o", "json");
    expect(json(stdout)).toMatchObject({ id, state_type: "COMPLETED" });
  }
  await shop.run("deployment", "run", "printing/default", "--name", "twin");
  await shop.run("deployment", "run", "printing/default", "--name", "twin");
  const twins = await shop.run("runs", "get", "twin");
  expect(twins.code).toBe(2);
  expect(twins.stderr).toMatch(/"twin" means several runs; give the id of one:\n( {2}[0-9a-f-]{36} {2}twin .*\n){2}/);
  expect((await shop.run("runs", "get", "no-such-run")).code).toBe(3);
});

test("[CL23] runs ls filters, and prints whole ids as TSV into a pipe, as JSON, and as names", async () => {
  const { id } = await shop.start("failing");
  await shop.end(id);
  await shop.listed(id, "FAILED");
  const args = ["runs", "ls", "--flow", "failing", "--state", "failed", "--since", "1h", "-n", "1"];
  const [row] = (await shop.run(...args)).stdout.trim().split("\n");
  expect(row?.split("\t").slice(0, 4)).toEqual([id, expect.any(String), "failing", "Failed"]);
  expect(json<unknown[]>((await shop.run(...args, "-o", "json")).stdout)).toMatchObject([{ id, flow_name: "failing" }]);
  expect((await shop.run(...args, "-o", "name")).stdout).toBe(`${id}\n`);
  expect((await shop.run(...args, "--fields", "state,id")).stdout).toBe(`Failed\t${id}\n`);
});

test("[CL24] runs logs shows the log; with -f it follows the run to its end, each line once", async () => {
  const [log, release] = [shop.path("logs.log"), shop.path("logs-release")];
  const { id } = await shop.start("patient", { log, release });
  const following = shop.run("runs", "logs", "-f", id);
  await until("the run is under way", async () => (await shop.read(id)).state_type === "RUNNING");
  writeFileSync(release, "");
  const { code, stdout } = await following;
  expect(code).toBe(0);
  expect(stdout.match(/Completed in/g)).toHaveLength(1);
  const shown = await shop.run("runs", "logs", id, "-o", "jsonl");
  expect(json(shown.stdout.trim().split("\n").at(-1) as string)).toMatchObject({ flow_run_id: id, level: 20 });
});

test("[CL25] run runs a flow of a file here: its log to stderr, its result to stdout, seen by the server", async () => {
  const { code, stdout, stderr } = await shop.run("run", `${FLOWS}:inner`, "-p", "n=20");
  expect(code).toBe(0);
  expect(stdout).toBe("41\n");
  const id = /flow-run\/([0-9a-f-]{36})/.exec(stderr)?.[1] as string;
  expect(await shop.read(id)).toMatchObject({ state_type: "COMPLETED", parameters: { n: 20 }, state: { data: 41 } });
  const failed = await shop.run("run", `${FLOWS}:failing`, "-o", "json");
  expect(failed.code).toBe(10);
  expect(json(failed.stdout)).toMatchObject({ state: "FAILED", message: "RangeError: out of it" });
  const unsaid = await shop.run("run", FLOWS);
  expect(unsaid.code).toBe(2);
  expect(unsaid.stderr).toContain("several flows: counting, environment, failing");
});

test("[CL38] api calls any path, and answers with its exit code", async () => {
  const made = await shop.run("api", "POST", "/variables/", "-f", "name=raw", "-F", "value=[1]");
  expect(json(made.stdout)).toMatchObject({ name: "raw", value: [1] });
  expect(json((await shop.run("api", "/api/me/workspaces")).stdout)).toHaveLength(1);
  expect((await shop.run("api", "/variables/name/nope")).code).toBe(3);
  expect((await shop.run("api", "DELETE", "/variables/name/raw")).code).toBe(0);
});

test("[CL39] [CL40] many runs are meant by a filter, and nothing is done that was not agreed to", async () => {
  const { id } = await shop.start("printing");
  await shop.end(id);
  await shop.listed(id, "COMPLETED");
  const tagged = await shop.run("deployment", "run", "printing/default", "--tag", "many", "-o", "name");
  const first = tagged.stdout.trim();
  await shop.end(first);
  await shop.listed(first, "COMPLETED");
  const again = await shop.run("runs", "rerun", first, "-o", "name");
  const second = again.stdout.trim();
  expect(await shop.read(second)).toMatchObject({
    tags: ["many"],
    deployment_id: (await shop.read(first)).deployment_id,
  });
  await shop.end(second);
  await shop.listed(second, "COMPLETED");
  const meant = ["--tag", "many", "--state", "completed"];
  const dry = await shop.run("runs", "rm", ...meant, "--dry-run", "-o", "name");
  expect(dry.stdout.trim().split("\n").sort()).toEqual([first, second].sort());
  const asked = await shop.run("runs", "rm", ...meant);
  expect([asked.code, asked.stderr]).toEqual([
    2,
    expect.stringContaining("Delete 2 runs? Nobody can be asked here: say --yes"),
  ]);
  expect((await shop.run("runs", "rm")).code).toBe(2);
  const failed = await shop.run("runs", "set-state", first, "--to", "failed", "-m", "a reason");
  expect(failed.code).toBe(0);
  expect((await shop.read(first)).state).toMatchObject({ type: "FAILED", message: "a reason" });
  expect((await shop.run("runs", "rm", first, second, "--yes")).code).toBe(0);
  expect((await shop.run("runs", "get", first)).code).toBe(3);
  expect((await shop.read(id)).id).toBe(id);
});

test("[CL41] a schedule is set, shown, paused, resumed and removed", async () => {
  const of = "printing/default";
  const set = await shop.run(
    "schedule",
    "set",
    of,
    "--cron",
    "30 2 28 3 *",
    "--timezone",
    "Europe/Paris",
    "--slug",
    "s",
    "--json",
  );
  expect(json(set.stdout)).toMatchObject({ slug: "s", active: true, schedule: { cron: "30 2 28 3 *" } });
  const { id } = json<{ id: string }>(set.stdout);
  const changed = await shop.run("schedule", "set", of, "--every", "1h", "--slug", "s", "--inactive", "--json");
  expect(json(changed.stdout)).toMatchObject({ id, active: false, schedule: { interval: 3600 } });
  expect((await shop.run("schedule", "ls", of)).stdout).toBe(`${id}\t${of}\ts\tevery 1h\tUTC\tpaused\n`);
  expect((await shop.run("schedule", "resume", of, "s")).stdout).toContain("active");
  const preview = await shop.run(
    "schedule",
    "preview",
    of,
    "--cron",
    "30 2 28 3 *",
    "--timezone",
    "Europe/Paris",
    "-n",
    "2",
  );
  expect(preview.stdout.trim().split("\n")).toHaveLength(2);
  expect((await shop.run("schedule", "pause", of)).stdout).toContain("paused");
  expect((await shop.run("schedule", "set", of, "--cron", "61 * * * *")).stderr).toContain("61 is beyond it");
  expect((await shop.run("schedule", "rm", of, "s")).code).toBe(2);
  expect((await shop.run("schedule", "rm", of, "s", "--yes")).code).toBe(0);
  expect((await shop.run("schedule", "pause", of)).code).toBe(3);
});

test("[CL42] variables, limits, pools and queues are set, listed and removed", async () => {
  expect(json((await shop.run("variable", "set", "v", '{"a":1}', "--tag", "t", "--json")).stdout)).toMatchObject({
    value: { a: 1 },
    tags: ["t"],
  });
  expect((await shop.run("variable", "set", "v", "12", "--text")).code).toBe(0);
  expect(json((await shop.run("variable", "get", "v", "--json")).stdout)).toMatchObject({ value: "12", tags: ["t"] });
  expect((await shop.run("variable", "rm", "v", "nope", "--yes")).code).toBe(3);
  expect((await shop.run("variable", "ls", "-o", "name")).stdout).not.toContain("v\n");
  expect(json((await shop.run("limit", "set", "db", "3", "--json")).stdout)).toMatchObject({ limit: 3, active: true });
  expect(json((await shop.run("limit", "set", "db", "4", "--json")).stdout)).toMatchObject({ limit: 4 });
  expect(json((await shop.run("limit", "holders", "db", "--json")).stdout)).toMatchObject({ holders: [], waiting: [] });
  expect((await shop.run("limit", "rm", "db", "--yes")).code).toBe(0);
  expect((await shop.run("pool", "create", "spare")).code).toBe(0);
  expect(json((await shop.run("pool", "set", "spare", "--limit", "2", "--json")).stdout)).toMatchObject({
    concurrency_limit: 2,
  });
  expect(json((await shop.run("pool", "pause", "spare", "--json")).stdout)).toMatchObject({ status: "PAUSED" });
  expect(json((await shop.run("queue", "set", "spare/high", "--priority", "1", "--json")).stdout)).toMatchObject({
    priority: 1,
  });
  expect((await shop.run("queue", "ls", "spare", "-o", "name")).stdout).toBe("spare/high\nspare/default\n");
  expect((await shop.run("queue", "rm", "spare/high", "--yes")).code).toBe(0);
  expect((await shop.run("pool", "rm", "spare", "--yes")).code).toBe(0);
  expect((await shop.run("secret", "rm", "nope", "--yes")).code).toBe(3);
});

test("[CL43] workspace ls lists what the key reaches; what is not said by a profile is not changed", async () => {
  const [one] = json<Record<string, unknown>[]>((await shop.run("workspace", "ls", "--json")).stdout);
  expect(one).toMatchObject({ workspace_id: shop.server.local.workspace_id, current: true });
  const used = await shop.run("workspace", "use", "default");
  expect([used.code, used.stderr]).toEqual([2, expect.stringContaining("export MILLRACE_API_URL=")]);
  expect((await shop.run("open", "pools")).stdout).toBe(`${shop.server.local.url}/work-pools\n`);
});

test("[CL30] a run by hand ends when it is cancelled from elsewhere, and at Ctrl-C", async () => {
  for (const how of ["elsewhere", "SIGINT"] as const) {
    const [log, release] = [shop.path(`hand-${how}.log`), shop.path("never")];
    const { ran, child } = shop.begin("run", `${FLOWS}:patient`, "-p", `log=${log}`, "-p", `release=${release}`);
    await until("the run has begun", () => linesOf(log).length === 1);
    const [{ run: id }] = linesOf<{ run: string }>(log) as [{ run: string }];
    if (how === "SIGINT") child.kill("SIGINT");
    else await shop.run("runs", "cancel", id);
    expect((await ran).code).toBe(12);
    expect((await shop.read(id)).state_type).toBe("CANCELLED");
  }
});

test("[CL26] runs retry begins an ended run anew, as another attempt of the same run", async () => {
  const { id } = await shop.start("failing");
  await shop.end(id);
  expect((await shop.run("runs", "retry", id)).code).toBe(0);
  await until("the second attempt has ended", async () => {
    const run = await shop.read(id);
    return run.run_count === 2 && run.state_type === "FAILED";
  });
});

test("[CL27] login takes a key from standard input, checks it, and keeps it in a file that only its owner reads", async () => {
  const { url, api_url, api_key } = shop.server.local;
  const env = { MILLRACE_API_URL: "", MILLRACE_API_KEY: "" };
  const wrong = await shop.runWith({ env, input: "mrl_nonsense\n" }, "login", "--url", url, "--with-token");
  expect(wrong.code).toBe(4);
  const { code } = await shop.runWith(
    { env, input: `${api_key}\n` },
    "login",
    "--url",
    url,
    "--with-token",
    "--profile",
    "here",
  );
  expect(code).toBe(0);
  const path = join(shop.folder, "config/profiles.toml");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toContain(api_key);
  const who = await shop.runWith({ env }, "whoami", "-o", "json");
  expect(json(who.stdout)).toMatchObject({ source: "profile here", api_url });
  await shop.runWith({ env }, "logout");
  const after = await shop.runWith({ env }, "whoami");
  expect(after.code).toBe(4);
  await shop.runWith({ env }, "profile", "rm", "here");
  expect((await shop.runWith({ env }, "whoami")).stderr).toContain("millrace login");
});

test("[CL28] each kind of failure has its exit code and, with -o json, its error object", async () => {
  const cases = [
    [{}, ["runs", "get", "nothing", "-o", "json"], 3, "not_found"],
    [{ MILLRACE_API_KEY: "mrl_nonsense" }, ["runs", "ls", "-o", "json"], 4, "auth"],
    [{ MILLRACE_API_URL: "http://127.0.0.1:9/api" }, ["runs", "ls", "-o", "json"], 5, "unreachable"],
    [{}, ["deployment", "run", "whole/default", "-p", "who=x", "--nonsense", "-o", "json"], 2, "usage"],
    [{}, ["deploy", join(ROOT, "package.json"), "-o", "json"], 2, "usage"],
    [{ MILLRACE_API_KEY: "mrl_nonsense" }, ["run", `${FLOWS}:inner`, "-p", "n=1", "--json"], 4, "auth"],
    [
      { MILLRACE_API_URL: "http://127.0.0.1:9/api" },
      ["run", `${FLOWS}:inner`, "-p", "n=1", "--json"],
      5,
      "unreachable",
    ],
    [{ MILLRACE_API_URL: `${shop.server.local.url}/elsewhere` }, ["runs", "ls", "--json"], 2, "usage"],
    [{}, ["logout", "--json"], 3, "not_found"],
    [{}, ["agent", "start", "--pool", "nowhere", "-o", "json"], 3, "not_found"],
  ] as const;
  for (const [env, args, code, kind] of cases) {
    const ran = await shop.runWith({ env }, ...args);
    expect(json<{ error: { code: string; message: string } }>(ran.stdout).error.code).toBe(kind);
    expect(ran.code).toBe(code);
  }
});

test("[CL32] runs why lists what was checked, and says what the run waits for and what to do about it", async () => {
  const lonely = `lonely-${Date.now()}`;
  await shop.run("pool", "create", lonely);
  await shop.run("deploy", `${FLOWS}:printing`, "--pool", lonely, "--name", "lonely");
  const started = await shop.run("deployment", "run", "printing/lonely", "-o", "json");
  const { id } = json<{ id: string }>(started.stdout);
  const why = await shop.run("runs", "why", id);
  expect(why.code).toBe(0);
  expect(why.stdout.split("\n").find((line) => line.startsWith("agents\t"))).toMatch(/\tblocked\tNo agent or worker/);
  expect(why.stderr).toContain(`Start one: millrace agent start --pool ${lonely}`);
  const { stdout } = await shop.run("runs", "why", id, "-o", "json");
  expect(json(stdout)).toMatchObject({ flow_run_id: id, state_type: "SCHEDULED", waits_for: "agents" });
  expect((await shop.run("runs", "why", "nothing")).code).toBe(3);
});

test("[CL33] runs cancel --wait waits for the end, and prints a receipt of what belonged to the run", async () => {
  const { id } = await shop.start("waiting", { pids: shop.path("receipt-pids") });
  await until("the run is under way", async () => (await shop.read(id)).state_type === "RUNNING");
  const { code, stdout } = await shop.run("runs", "cancel", id, "--wait", "-o", "json");
  expect(code).toBe(0);
  expect(json<unknown[]>(stdout)).toEqual([
    expect.objectContaining({ id, state: "Cancelled", receipts: expect.any(Array) }),
  ]);
  const again = await shop.run("runs", "cancel", id, "--wait");
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).not.toBe("");
});

test("[CL34] [SD64] deploy without --pool leaves a deployment in its pool and queue, and with its schedules", async () => {
  const poolOf = async (...options: string[]) => {
    const { stdout } = await shop.run("deploy", `${FLOWS}:printing`, "--name", "kept", ...options, "-o", "json");
    return json<{ pool: string | null }[]>(stdout)[0]?.pool;
  };
  expect(await poolOf()).toBeNull();
  expect(await poolOf("--pool", "default")).toBe("default");
  const params = { flow_name: "printing", deployment_name: "kept" };
  const { id } = await shop.api("GET /deployments/name/{flow_name}/{deployment_name}", { params });
  const schedule = { cron: "0 0 1 1 *", timezone: "Europe/Paris" };
  const given = [{ schedule, active: false, slug: "yearly", catch_up: { policy: "latest" as const } }];
  const [made] = await shop.api("POST /deployments/{id}/schedules", { params: { id }, body: given });
  expect(await poolOf()).toBe("default");
  const kept = await shop.api("GET /deployments/{id}/schedules", { params: { id } });
  expect(kept).toEqual([{ ...made, updated: expect.any(String) }]);
  await poolOf("--every", "15m", "--concurrency-limit", "2", "--on-collision", "cancel-new");
  const changed = await shop.api("GET /deployments/{id}", { params: { id } });
  expect(changed).toMatchObject({
    schedules: [
      { schedule: { interval: 900, anchor_date: "2020-01-01T00:00:00.000000Z", timezone: "UTC" }, active: true },
    ],
    concurrency_options: { collision_strategy: "CANCEL_NEW" },
    global_concurrency_limit: { limit: 2 },
  });
  const bad = await shop.run("deploy", `${FLOWS}:printing`, "--name", "kept", "--timezone", "UTC");
  expect(bad).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("--timezone belongs to --cron") });
});

test("[CL35] bash completes commands, values and the names of deployments", async () => {
  const script = (await shop.run("completion", "bash")).stdout;
  writeFileSync(shop.path("completion.bash"), script);
  writeFileSync(shop.path("millrace"), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`, { mode: 0o755 });
  const words = (...typed: string[]) => {
    const line = `PATH="$PWD:$PATH"; . ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _millrace; echo "\${COMPREPLY[*]}"`;
    const ran = spawnSync("bash", ["-c", line, "bash", "millrace", ...typed], { cwd: shop.folder, env: shop.env() });
    return ran.stdout.toString().trim();
  };
  expect(words("runs", "w")).toBe("watch why");
  expect(words("runs", "ls", "-o", "js")).toBe("json jsonl");
  expect(words("deployment", "run", "--watch", "whol")).toBe("whole/default");
});

describe("a flow as somebody outside writes it", () => {
  let file: string;
  beforeAll(async () => {
    file = shop.path("limited.ts");
    const from = (path: string) => JSON.stringify(join(ROOT, path));
    const text = `import { flow } from ${from("agent/dist/sdk/index.js")};
import { z } from ${from("node_modules/zod/index.js")};
export const limited = flow("limited", { input: z.object({ n: z.number() }), timeout: "90s" }, async () => {
  throw new Error("on line four");
});
`;
    writeFileSync(file, text);
    await shop.run("deploy", file, "--pool", "default");
  });

  test("[CL36] what it cannot take is told by its option, before a run exists, whoever finds it out", async () => {
    const told = "Error: -p n=<number> is missing.\nIt takes -p n=<number>.\n";
    expect(await shop.run("run", file)).toMatchObject({ code: 2, stdout: "", stderr: told });
    expect(await shop.run("deployment", "run", "limited/default")).toMatchObject({ code: 2, stdout: "", stderr: told });
    const bad = await shop.run("deployment", "run", "limited/default", "-p", "n=x", "-p", "m=1", "--json");
    expect(bad.code).toBe(2);
    expect(json<{ error: object }>(bad.stdout).error).toMatchObject({ code: "usage", field: "n" });
    expect(bad.stderr).toContain('The flow has no parameter "m".');
    expect((await shop.run("runs", "ls", "--flow", "limited")).stdout).toBe("");
  });

  test("[SD62] [SD63] its stack names its own lines, and its deployment its time-out", async () => {
    const deployment = { flow_name: "limited", deployment_name: "default" };
    const { labels } = await shop.api("GET /deployments/name/{flow_name}/{deployment_name}", { params: deployment });
    expect(labels).toMatchObject({ "millrace.timeout-seconds": 90 });
    const ways = [
      ["run", file],
      ["deployment", "run", "limited/default", "--watch"],
    ];
    for (const way of ways) {
      const { stderr } = await shop.run(...way, "-p", "n=1");
      const stack = /Error: on line four\n {4}at .*\(limited\.ts:4:\d+\)\n {4}… \d+ more of libraries and Node\n/;
      expect(stderr).toMatch(stack);
    }
  });
});

test("[CL29] doctor looks at each thing between here and the server, and says what to do", async () => {
  const well = await shop.run("doctor", "--pool", "default", "-o", "json");
  expect(well.code).toBe(0);
  const checks = json<{ check: string; ok: boolean }[]>(well.stdout);
  expect(checks.map(({ check }) => check)).toEqual([
    "node",
    "cache folder",
    "settings",
    "name",
    "server",
    "key",
    "pool",
  ]);
  const ill = await shop.runWith({ env: { MILLRACE_API_URL: "http://127.0.0.1:9/api" } }, "doctor", "-o", "json");
  expect(ill.code).toBe(1);
  expect(json<{ ok: boolean; fix: string }[]>(ill.stdout).at(-1)).toMatchObject({ check: "server", ok: false });
  const wrong = { env: { MILLRACE_API_URL: `${shop.server.local.url}/elsewhere` } };
  const found = json<object[]>((await shop.runWith(wrong, "doctor", "-o", "json")).stdout);
  expect(found.at(-1)).toMatchObject({ check: "server", ok: false, found: "there is no API at this address" });
});

test("[S48] [AG59] [SD47] an agent, and every command, leaves a server alone whose certificate is not trusted: exit code 7", async () => {
  const impostor = await startImpostor();
  const env = {
    MILLRACE_API_URL: `https://127.0.0.1:${impostor.port}/api`,
    MILLRACE_API_KEY: "only-for-the-real-server",
    MILLRACE_STATE_HOME: shop.path("state-of-s48"),
    MILLRACE_CACHE_HOME: shop.path("cache-of-s48"),
  };
  const calls = [["agent", "start", "--pool", "default"], ["whoami"], ["login", "--url", env.MILLRACE_API_URL]];
  for (const call of calls) {
    const { code, stderr } = await shop.runWith({ env }, ...call);
    expect(code).toBe(7);
    expect(stderr).toContain("The server at 127.0.0.1 shows a certificate that is not trusted");
    expect(stderr).not.toContain(env.MILLRACE_API_KEY);
  }
  await impostor.close();
  expect(impostor).toMatchObject({ connections: calls.length, heard: "" });
});

test("[SD48] an agent that would send its key unencrypted to another machine says so", async () => {
  const env = { MILLRACE_API_URL: "http://192.0.2.1:1/api", MILLRACE_STATE_HOME: shop.path("state-of-sd48") };
  const { child, ran } = shop.beginWith(env, "agent", "start", "--pool", "default", "--cache-dir", shop.path("sd48"));
  let said = "";
  child.stderr?.on("data", (text: string) => {
    said += text;
  });
  await until("it says so", () => said.includes("http://192.0.2.1:1 unencrypted"));
  child.kill("SIGTERM");
  await ran;
});
