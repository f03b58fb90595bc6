/** What happens while a page is open: runs, states, tasks and lines appear by themselves, also after the connection broke. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually, launch, openPageAs, untilLive, type Watched, workspace } from "./browser.ts";
import { clientOf, finished, makeFlow, makeRun, setState, tellTasks, writeLog } from "./scene.ts";

let browser: Browser;
let api: Client;
let key = "";
let flow = "";
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("live");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  key = tenant.key;
  flow = await makeFlow(api, "ingest");
});
afterAll(async () => {
  await browser?.close();
});
afterEach(async () => {
  const problems = watched.problems;
  await watched.close();
  expect(problems).toEqual([]);
});

async function open(path: string, before?: (page: Page) => Promise<void>): Promise<Page> {
  watched = await openPageAs(browser, key);
  const { page } = watched;
  await before?.(page);
  await page.goto(path);
  await untilLive(page);
  // A page that loads again would lose this.
  await page.evaluate("window.neverReloaded = true");
  return page;
}
const neverReloaded = (page: Page): Promise<unknown> => page.evaluate("window.neverReloaded");
const row = (page: Page, name: string) => page.getByRole("row", { name: new RegExp(name) });

test("[WE32] new runs are held back and counted, said politely, and shown when they are asked for", async () => {
  await makeRun(api, { flow, name: "there-before" });
  const page = await open("/runs");
  await makeRun(api, { flow, name: "first-new" });
  await makeRun(api, { flow, name: "second-new" });
  const held = page.getByRole("button", { name: "2 new runs" });
  await held.waitFor();
  expect(await row(page, "first-new").count()).toBe(0);
  await eventually(() => page.getByTestId("announcer").textContent()).toMatch(/\d new runs?/);
  await held.click();
  await row(page, "first-new").waitFor();
  await row(page, "second-new").waitFor();
  await eventually(() => held.count()).toBe(0);
  expect(await neverReloaded(page)).toBe(true);
});

test("[WE13] the state of a run in the list changes in its place", async () => {
  const id = await makeRun(api, { flow, name: "changing" });
  const page = await open("/runs");
  await row(page, "changing").getByText("Pending").waitFor();
  await setState(api, id, { type: "RUNNING" });
  await row(page, "changing").getByText("Running").waitFor();
  await setState(api, id, { type: "COMPLETED" });
  await row(page, "changing").getByText("Completed").waitFor();
  expect(await neverReloaded(page)).toBe(true);
});

test("[WE33] a run's page follows its state, in badge, title and icon, and says it once", async () => {
  const id = await makeRun(api, { flow, name: "followed" });
  const page = await open(`/runs/flow-run/${id}`);
  const icon = (): Promise<string | null> => page.locator('link[rel="icon"]').getAttribute("href");
  await eventually(() => page.title()).toBe("◷ followed · ingest");
  const before = await icon();
  await setState(api, id, { type: "RUNNING" });
  await page.getByTestId("run-state").getByText("Running").waitFor();
  await eventually(() => page.title()).toBe("▶ followed · ingest");
  await setState(api, id, { type: "FAILED", message: "the well ran dry" });
  await page.getByTestId("run-state").getByText("Failed").waitFor();
  await page.getByText("the well ran dry").waitFor();
  await eventually(() => page.title()).toBe("✗ followed · ingest");
  expect(await icon()).not.toBe(before);
  await eventually(() => page.getByTestId("announcer").textContent()).toContain("Run followed is now Failed");
  expect(await neverReloaded(page)).toBe(true);
});

test("[WE34] a line appears as it is written, and a task as it begins", async () => {
  const id = await makeRun(api, { flow, name: "talking", states: [{ type: "RUNNING" }] });
  const page = await open(`/runs/flow-run/${id}`);
  await page.getByText("No lines yet").waitFor();
  await writeLog(api, id, [{ message: "the sluice is open" }]);
  await page.getByText("the sluice is open").waitFor();
  const now = Date.now();
  await tellTasks(api, [finished(id, "grind-flour", now - 900, now - 800, now - 100)]);
  await page.getByRole("listbox", { name: "Timeline, 1 task" }).waitFor();
  await page.getByRole("link", { name: "View as table" }).click();
  await row(page, "grind-flour").getByText("Completed").waitFor();
  expect(await neverReloaded(page)).toBe(true);
});

test("[WE35] after a break of the connection nothing is missing and nothing is there twice", async () => {
  const id = await makeRun(api, { flow, name: "broken-line", states: [{ type: "RUNNING" }] });
  await writeLog(api, id, [{ message: "line before" }]);
  const sockets: WebSocketRoute[] = [];
  let refusing = false;
  const page = await open(`/runs/flow-run/${id}`, (fresh) =>
    fresh.routeWebSocket(/\/api\//, (socket) => {
      if (refusing) {
        void socket.close({ code: 1012 });
        return;
      }
      sockets.push(socket);
      socket.connectToServer();
    }),
  );
  await writeLog(api, id, [{ message: "line heard" }]);
  await page.getByText("line heard").waitFor();
  refusing = true;
  for (const socket of sockets.splice(0)) await socket.close({ code: 1012, reason: "restart" });
  await page.locator('[data-link="reconnecting"]').waitFor();
  await writeLog(api, id, [{ message: "line missed" }, { message: "another missed" }]);
  await setState(api, id, { type: "COMPLETED" });
  refusing = false;
  await untilLive(page);
  await page.getByText("another missed").waitFor();
  await page.getByTestId("run-state").getByText("Completed").waitFor();
  for (const line of ["line before", "line heard", "line missed", "another missed"]) {
    expect(await page.getByText(line, { exact: true }).count(), line).toBe(1);
  }
  await eventually(() => page.locator("[data-lines]").getAttribute("data-lines")).toBe("4");
  expect(await neverReloaded(page)).toBe(true);
  // The browser itself reports sockets that were refused; that is the fault we made.
  watched.problems.length = 0;
});

test("[WE36] a page that is held still does not change until it goes on, and then misses nothing", async () => {
  const id = await makeRun(api, { flow, name: "held-still", states: [{ type: "RUNNING" }] });
  const page = await open(`/runs/flow-run/${id}`);
  await page.locator("[data-link]").click();
  await page.getByRole("button", { name: "Hold the page still" }).click();
  await page.locator('[data-link="paused"]').waitFor();
  await writeLog(api, id, [{ message: "while it stood still" }]);
  await setState(api, id, { type: "COMPLETED" });
  expect(await page.getByText("while it stood still").count()).toBe(0);
  await eventually(() => page.getByTestId("run-state").textContent()).toContain("Running");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("while it stood still").waitFor();
  await page.getByTestId("run-state").getByText("Completed").waitFor();
});

test("[WE37] when the session ends the page asks for a new sign-in and comes back to where it was", async () => {
  const page = await open("/runs?state=failed");
  await watched.context.clearCookies({ name: "millrace_session" });
  await page.getByRole("link", { name: "Running" }).first().click();
  await page.waitForURL(/\/sign-in\?next=/);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in with the key" }).click();
  await page.waitForURL(/\/runs\?state=running/);
});
