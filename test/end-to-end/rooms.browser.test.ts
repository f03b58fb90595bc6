/** Flows, deployments and work pools: what people find there and do there. */
import type { Client } from "@millrace/contract/client.ts";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { eventually, local, untilLive, workspace } from "./browser.ts";
import { clientOf, makeDeployment, makeFlow, makePool, makeRun, PARAMETER_SCHEMA } from "./scene.ts";
import { visits } from "./visits.ts";

const { begin, open: openAs, forgive } = visits();
let api: Client;
const keys = { full: "", reader: "" };
let flow = "";
let deployment = "";

beforeAll(async () => {
  const tenant = await workspace("rooms");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  const scopes = ["see_flows", "see_events", "see_deployments", "see_work_pools"] as const;
  keys.full = tenant.key;
  keys.reader = (await makeKey(local(), tenant.workspaceId, "rooms-reader", [...scopes])).key;
  flow = await makeFlow(api, "ingest");
  await makePool(api, "mill");
  deployment = await makeDeployment(api, flow, "nightly", {
    work_pool_name: "mill",
    parameter_openapi_schema: PARAMETER_SCHEMA,
    parameters: { urls: ["https://a.example/1"], locale: "fr" },
  });
});

const open = (path: string, who: keyof typeof keys = "full"): Promise<Page> => openAs(keys[who], path);
const idIn = (page: Page): string => /flow-run\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
const parametersOf = async (id: string) => (await api("GET /flow_runs/{id}", { params: { id } })).parameters;

test("[WE61] a deployment is run by the keyboard alone: untouched fields are its own, and the run's page opens", async () => {
  const page = await open(`/deployments/deployment/${deployment}`);
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Mode").waitFor();
  await dialog.getByRole("button", { name: "Run", exact: true }).focus();
  await page.keyboard.press("Enter");
  await dialog.getByText("A value is needed here.").waitFor();
  await dialog.getByLabel("Mode").and(page.locator(":focus")).waitFor();
  await dialog.getByLabel("Mode").selectOption("safe");
  await dialog.getByLabel("Limit", { exact: true }).fill("7");
  await page.keyboard.press("Enter");
  await page.waitForURL(/flow-run/);
  const given = { urls: ["https://a.example/1"], locale: "fr", mode: "safe", limit: 7 };
  expect(await parametersOf(idIn(page))).toEqual(given);
});

test("[WE61] parameters can be said as JSON, and what the server refuses is said in the form", async () => {
  const page = await open("/deployments");
  await page.getByRole("button", { name: "Run nightly" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "As JSON" }).click();
  const json = dialog.getByLabel("Parameters as JSON");
  expect(JSON.parse(await json.inputValue())).toMatchObject({ locale: "fr", strict: true, limit: null });
  await json.fill("{");
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await dialog.getByText("are no JSON object").waitFor();
  await json.fill('{"mode": "fast", "urls": [], "limit": null}');
  await dialog.getByRole("button", { name: "As a form" }).click();
  await eventually(() => dialog.getByLabel("Mode").inputValue()).toBe('"fast"');
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/flow-run/);
  expect(await parametersOf(idIn(page))).toEqual({ mode: "fast", urls: [], locale: "fr" });
});

test("[WE61] who may not run is told which scope is missing", async () => {
  const page = await open(`/deployments/deployment/${deployment}`, "reader");
  const button = page.getByRole("button", { name: "Run nightly" });
  await eventually(() => button.getAttribute("title")).toContain("run_deployments");
  // What cannot be done can still be asked for, to learn why.
  await button.click({ force: true });
  await page.getByText("lacks the scope run_deployments").first().waitFor();
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
});

test("[WE62] lists find by name, keep the search in the address, and say when nothing is like that", async () => {
  const page = await open("/deployments");
  await page.keyboard.press("/");
  await page.keyboard.type("night");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/deployments\?q=night$/);
  await page.getByRole("link", { name: "nightly" }).waitFor();
  await page.goto("/flows?q=nothing");
  await page.getByText("No flow has this in its name").waitFor();
  await page.getByRole("link", { name: "All flows" }).click();
  await page.getByRole("link", { name: "ingest", exact: true }).waitFor();
});

test("[WE62] rows are walked and opened by letters, and the places are a key away", async () => {
  const page = await open("/runs");
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await page.waitForURL(/\/flows$/);
  await page.getByRole("link", { name: "ingest", exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("o");
  await page.waitForURL(new RegExp(`/flows/flow/${flow}`));
});

test("[WE63] a list of flows follows what happens, without a reload", async () => {
  const quiet = await makeFlow(api, "quiet-flow");
  const page = await open("/flows");
  const row = page.locator(`[data-flow="${quiet}"]`);
  await row.getByText("no recent runs").waitFor();
  await makeRun(api, { flow: quiet, name: "first", states: [{ type: "RUNNING" }, { type: "COMPLETED" }] });
  await row.getByRole("img", { name: "Last run: Completed" }).waitFor();
});

test("[WE63] a pool tells who is there, what waits, and how to bring an agent", async () => {
  await api("POST /deployments/{id}/create_flow_run", {
    params: { id: deployment },
    body: { parameters: { mode: "fast" } },
  });
  const page = await open("/work-pools/work-pool/mill");
  await page.getByText("npx millrace agent start --pool mill").waitFor();
  await page.getByRole("link", { name: "nightly" }).waitFor();
  const facts = async () => {
    await page.reload();
    return page.locator("main dl").textContent();
  };
  await eventually(facts).toContain("no agent has a free slot");
  await page.getByRole("list", { name: "Queues" }).getByText("default", { exact: true }).first().waitFor();
  await api("POST /work_pools/{work_pool_name}/workers/heartbeat", {
    params: { work_pool_name: "mill" },
    body: { name: "a-worker-of-prefect" },
  });
  await page.reload();
  await page.getByText("a-worker-of-prefect").first().waitFor();
});

test("[WE69] a schedule is written with its next times before one's eyes, changed and paused", async () => {
  const page = await open(`/deployments/deployment/${deployment}`);
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  const cron = dialog.getByRole("textbox", { name: /^Cron/ });
  const next = dialog.getByRole("list", { name: "The next times" }).getByRole("listitem");
  await cron.fill("30 2 29 3 *");
  await dialog.getByLabel("Time zone").fill("Europe/Berlin");
  await dialog.getByText("2027-03-29 02:30:00").waitFor();
  await eventually(() => next.count()).toBe(5);
  await cron.fill("30 2 28 3 *");
  // The clocks go forward that night, and half past two is not there.
  await next.first().locator("svg").waitFor();
  await cron.fill("nonsense");
  await dialog.getByRole("region", { name: "The next times" }).getByText(/cron/i).waitFor();
  await cron.fill("0 6 * * *");
  await dialog.getByLabel("When runs were missed").selectOption("latest");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const [schedule] = await api("GET /deployments/{id}/schedules", { params: { id: deployment } });
  expect(schedule).toMatchObject({
    schedule: { cron: "0 6 * * *", timezone: "Europe/Berlin" },
    catch_up: { policy: "latest" },
    active: true,
  });
  await page.getByRole("button", { name: "Pause cron 0 6 * * *" }).click();
  await page.getByRole("button", { name: "Resume cron 0 6 * * *" }).waitFor();
  forgive();
});

test("[WE70] a pool is paused and changed, a queue made and refused what it cannot be", async () => {
  const page = await open("/work-pools/work-pool/mill");
  await page.getByRole("button", { name: "Pause the pool" }).click();
  await page.getByRole("button", { name: "Resume the pool" }).click();
  await page.getByRole("button", { name: "Pause the pool" }).waitFor();
  await page.getByRole("button", { name: "Edit the pool" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Runs at once", { exact: true }).fill("3");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("of 3 at once").waitFor();
  await page.getByRole("button", { name: "New queue" }).click();
  await dialog.getByLabel("Name").fill("urgent");
  await dialog.getByLabel("Priority").fill("0");
  await dialog.getByRole("button", { name: "Make the queue" }).click();
  await dialog.getByLabel("Priority").and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog.getByLabel("Priority").fill("1");
  await dialog.getByRole("button", { name: "Make the queue" }).click();
  const queues = page.getByRole("list", { name: "Queues" });
  await queues.getByRole("button", { name: "Pause urgent" }).waitFor();
  await queues.getByRole("button", { name: "Delete urgent" }).click();
  await dialog.getByRole("button", { name: "Delete the queue" }).click();
  await queues.getByRole("button", { name: "Pause urgent" }).waitFor({ state: "detached" });
  forgive();
});

test("[WE71] a deployment is changed by its form, and only what was touched", async () => {
  const id = await makeDeployment(api, flow, "to-change", { tags: ["a"], parameters: { keep: 1 } });
  const page = await open(`/deployments/deployment/${id}`);
  await page.getByRole("button", { name: "Edit the deployment" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Tags").fill("a\nb");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await dialog.getByRole("button", { name: "Save" }).click();
  expect((await sent).postDataJSON()).toEqual({ tags: ["a", "b"] });
  await page.getByRole("link", { name: "Tag b" }).waitFor();
});

test("[WE60] [WE77] a deployment tells its cron in words, and how it is run from a terminal", async () => {
  const id = await makeDeployment(api, flow, "it's by hand", { schedules: [{ schedule: { cron: "0 2 * * 1-5" } }] });
  const page = await open(`/deployments/deployment/${id}`);
  await page.getByText("At 02:00, Monday through Friday").waitFor();
  await page.getByText("From a terminal").click();
  await page.getByText(`npx millrace deployment run 'ingest/it'\\''s by hand' --watch`).waitFor();
  await page.getByText(`/deployments/${id}/create_flow_run`).waitFor();
});

test("[WE63] what happens while one goes to another page does not call that off", async () => {
  const watched = await begin(keys.full);
  const { page } = watched;
  const told = new Promise<void>((resolve) => {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => String(payload).includes("meanwhile-mole") && resolve());
    });
  });
  await page.goto("/deployments");
  await untilLive(page);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/deployments/deployment/**/__data.json**", (route) => held.then(() => route.continue()));
  const asked = page.waitForRequest(/deployments\/deployment\/.*__data\.json/);
  await page.getByRole("link", { name: "nightly", exact: true }).click();
  await asked;
  await makeRun(api, { flow, name: "meanwhile-mole" });
  await told;
  // By now a load of the list would have been asked for, were it not put off.
  await page.evaluate("new Promise((done) => setTimeout(done, 0))");
  release();
  await page.waitForURL(/deployments\/deployment\//);
});
