/** What people do to a run from its page. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { launch, local, openPage, signIn, untilLive, type Watched, workspace } from "./browser.ts";
import { clientOf, makeDeployment, makeFlow, makeRun, setState } from "./scene.ts";

let browser: Browser;
let api: Client;
let keys = { full: "", readOnly: "" };
let flow = "";
let deployment = "";
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
  watched = await openPage(browser);
  await signIn(watched.page, keys[who]);
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
  expect(await dialog(page).count()).toBe(0);
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
  expect(await cancel.isDisabled()).toBe(true);
  expect(await cancel.getAttribute("title")).toContain("run_flows");
});
