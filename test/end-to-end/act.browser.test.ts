/** What people do to a run from its page. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { eventually, launch, local, openPageAs, untilLive, type Watched, workspace } from "./browser.ts";
import {
  clientOf,
  finished,
  makeDeployment,
  makeFlow,
  makePool,
  makeRun,
  PARAMETER_SCHEMA,
  setState,
  tellTask,
} from "./scene.ts";

let browser: Browser;
let api: Client;
let keys = { full: "", readOnly: "" };
let flow = "";
let deployment = "";
let typed = "";
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("act");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  const reader = await makeKey(local(), tenant.workspaceId, "act-reader", [
    "see_flows",
    "see_events",
    "see_artifacts",
    "see_deployments",
  ]);
  keys = { full: tenant.key, readOnly: reader.key };
  flow = await makeFlow(api, "ingest");
  deployment = await makeDeployment(api, flow, "nightly");
  typed = await makeDeployment(api, flow, "typed", { parameter_openapi_schema: PARAMETER_SCHEMA });
});
afterAll(async () => {
  await browser?.close();
});
afterEach(async () => {
  const problems = watched.problems;
  await watched.close();
  expect(problems).toEqual([]);
});

async function open(id: string, who: keyof typeof keys = "full"): Promise<Page> {
  watched = await openPageAs(browser, keys[who]);
  await watched.page.goto(`/runs/flow-run/${id}`);
  await untilLive(watched.page);
  return watched.page;
}
const stateOf = async (id: string): Promise<string | null> =>
  (await api("GET /flow_runs/{id}", { params: { id } })).state_type;
const dialog = (page: Page) => page.getByRole("dialog");

test("[WE38] cancelling asks first, shows what will become of the run, and tells the server", async () => {
  const id = await makeRun(api, { flow, name: "to-cancel", states: [{ type: "RUNNING" }] });
  const page = await open(id);
  await page.getByRole("button", { name: "Cancel" }).click();
  await dialog(page).getByText("Cancelling").waitFor();
  await dialog(page).getByRole("button", { name: "Keep it as it is" }).click();
  expect(await stateOf(id)).toBe("RUNNING");
  await page.getByRole("button", { name: "Cancel" }).click();
  await dialog(page).getByRole("button", { name: "Cancel the run" }).click();
  await page.getByTestId("run-state").getByText("Cancelling").waitFor();
  expect(await stateOf(id)).toBe("CANCELLING");
  await eventually(() => dialog(page).count()).toBe(0);
});

test("[WE39] a run that nobody stops can be cancelled by force, and only after a while", async () => {
  const id = await makeRun(api, { flow, name: "to-force", states: [{ type: "RUNNING" }] });
  await setState(api, id, { type: "CANCELLING" });
  const page = await open(id);
  await page.getByRole("button", { name: "Force cancel" }).click();
  await dialog(page).getByRole("button", { name: "Cancel by force" }).click();
  await page.getByTestId("run-state").getByText("Cancelled").waitFor();
  expect(await stateOf(id)).toBe("CANCELLED");
  const states = await api("GET /flow_runs/{id}/states", { params: { id } });
  const at = (name: string): number => Date.parse(states.find((state) => state.name === name)!.timestamp);
  expect(at("Cancelled") - at("Cancelling")).toBeGreaterThanOrEqual(3000);
});

test("[WE40] a run that has ended can be tried again, by the keyboard alone", async () => {
  const id = await makeRun(api, {
    flow,
    deployment,
    name: "to-retry",
    states: [{ type: "RUNNING" }, { type: "FAILED" }],
  });
  const page = await open(id);
  await page.keyboard.press("r");
  await dialog(page).getByText("Awaiting retry").waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("run-state").getByText("Awaiting retry").waitFor();
  expect(await stateOf(id)).toBe("SCHEDULED");
  await page.getByRole("button", { name: "Cancel" }).waitFor();
});

test("[WE41] the server's refusal is shown in the dialog, which stays", async () => {
  const id = await makeRun(api, {
    flow,
    deployment,
    name: "too-late",
    states: [{ type: "RUNNING" }, { type: "FAILED" }],
  });
  const page = await open(id);
  await page.getByRole("button", { name: "Retry" }).click();
  await page.route("**/retry", (route) => route.fulfill({ status: 409, json: { detail: "Somebody was faster." } }));
  await dialog(page).getByRole("button", { name: "Try again" }).click();
  await dialog(page).getByRole("alert").getByText("Somebody was faster.").waitFor();
  expect(await stateOf(id)).toBe("FAILED");
  // The browser reports the refusal that we made.
  watched.problems.length = 0;
});

test("[WE26] who may only look sees the action, disabled, with the scope that is missing", async () => {
  const id = await makeRun(api, { flow, name: "only-look", states: [{ type: "RUNNING" }] });
  const page = await open(id, "readOnly");
  const cancel = page.getByRole("button", { name: "Cancel" });
  await eventually(() => cancel.isDisabled()).toBe(true);
  await eventually(() => cancel.getAttribute("title")).toContain("run_flows");
});

test("[WE64] a run that waits says what for, and the button that mends it does", async () => {
  await makePool(api, "act-mill");
  const nightly = await makeDeployment(api, flow, "waits", { work_pool_name: "act-mill" });
  const { id } = await api("POST /deployments/{id}/create_flow_run", { params: { id: nightly }, body: {} });
  await api("PATCH /work_pools/{name}", { params: { name: "act-mill" }, body: { is_paused: true } });
  const page = await open(id);
  const why = page.getByRole("region", { name: "Why is it not running?" });
  await why.getByText("Its work pool act-mill is paused.").first().waitFor();
  await why.getByRole("button", { name: "Resume the pool" }).click();
  await why.getByText("No agent or worker of this pool is connected").first().waitFor();
  await why.getByText("npx millrace agent start --pool act-mill").waitFor();
  expect((await api("GET /work_pools/{name}", { params: { name: "act-mill" } })).is_paused).toBe(false);
  await setState(api, id, { type: "RUNNING" }, true);
  await why.waitFor({ state: "detached" });
});

test("[WE65] a cancelled run shows who below it was asked, and who answered", async () => {
  const id = await makeRun(api, { flow, name: "to-stop", states: [{ type: "RUNNING" }] });
  const now = Date.now();
  await tellTask(api, { run: id, name: "at-work", states: [{ type: "RUNNING", at: now }] });
  await setState(api, id, { type: "CANCELLED" }, true);
  const page = await open(id);
  await page.getByRole("link", { name: "Cancellation" }).click();
  const pane = page.getByRole("region", { name: "Cancellation" });
  await pane.getByText("1 of 1 below it have answered").waitFor();
  await pane.getByRole("link", { name: "at-work" }).waitFor();
});

test("[WE66] a run is run again with one parameter changed, from a task, and what nobody touched is as it was", async () => {
  const given = { mode: "fast", urls: ["https://a.example"] };
  const id = await makeRun(api, {
    ...{ flow, deployment: typed, name: "to-rerun", parameters: { ...given, locale: "de" } },
    states: [{ type: "RUNNING" }],
  });
  const now = Date.now();
  const task = await tellTask(api, finished(id, "fetch-0", now - 900, now - 800, now - 100));
  await setState(api, id, { type: "FAILED" });
  const page = await open(id);
  await page.keyboard.press("a");
  await dialog(page).getByLabel("Locale").fill("fr");
  await dialog(page).getByLabel("From").selectOption(task);
  await dialog(page).getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => !url.pathname.includes(id) && url.pathname.includes("/runs/flow-run/"));
  const born = await api("GET /flow_runs/{id}", { params: { id: page.url().split("/").at(-1) as string } });
  expect(born.parameters).toEqual({ ...given, locale: "fr" });
  await page.getByText("Again of").waitFor();
});

test("[WE67] a task shows its inputs, states and details beside the timeline", async () => {
  const id = await makeRun(api, { flow, name: "with-task", states: [{ type: "RUNNING" }] });
  const now = Date.now();
  await tellTask(api, finished(id, "fetch-0", now - 900, now - 800, now - 100));
  const page = await open(`${id}?view=table`);
  await page.getByRole("link", { name: "fetch-0" }).click();
  await page.getByRole("link", { name: "All about it" }).click();
  const pane = page.getByRole("region", { name: "Task", exact: true });
  await pane.getByText("locale").waitFor();
  await eventually(() => pane.getByRole("list", { name: "States, oldest first" }).getByRole("listitem").count()).toBe(
    3,
  );
  await pane.getByText("fetch-key").waitFor();
});

test("[WE68] a paused run goes on with the answer that it asks for", async () => {
  const id = await makeRun(api, { flow, name: "to-resume", states: [{ type: "RUNNING" }] });
  const put = (key: string, value: unknown) =>
    api("POST /flow_runs/{id}/input", { params: { id }, body: { key, value: JSON.stringify(value) } });
  const keyset = { schema: "ask-schema", description: "ask-description", response: "ask-response" };
  const paused = await api("POST /flow_runs/{id}/set_state", {
    params: { id },
    body: { state: { type: "PAUSED", name: "Paused", state_details: { run_input_keyset: keyset } } },
  });
  expect(paused.status).toBe("ACCEPT");
  await put("ask-schema", {
    type: "object",
    required: ["approved"],
    properties: { approved: { title: "Approved", type: "boolean" } },
  });
  await put("ask-description", "Publish the rows?");
  const page = await open(id);
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await dialog(page).getByText("Publish the rows?").waitFor();
  await dialog(page).getByRole("button", { name: "Resume" }).click();
  await dialog(page).getByText("A value is needed here.").waitFor();
  await dialog(page).getByLabel("Approved").selectOption("true");
  await dialog(page).getByRole("button", { name: "Resume" }).click();
  await page.getByTestId("run-state").getByText("Running").waitFor();
  const answer = await api("GET /flow_runs/{id}/input/{key}", { params: { id, key: "ask-response" } });
  expect(answer).toEqual({ approved: true });
});
