/** The timeline: by mouse, by keyboard, as a table, and with twenty thousand tasks. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, launch, openPageAs, picture, untilLive, type Watched, workspace } from "./browser.ts";
import { clientOf, finished, makeRun, paintScene, type Scene, tellTasks } from "./scene.ts";

let browser: Browser;
let api: Client;
let scene: Scene;
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("timeline");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  scene = await paintScene(api);
  watched = await openPageAs(browser, tenant.key);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  expect(watched?.problems ?? []).toEqual([]);
});

async function open(run: string): Promise<Page> {
  await watched.page.goto(`/runs/flow-run/${run}`);
  await untilLive(watched.page);
  return watched.page;
}
const timeline = (page: Page) => page.getByRole("listbox");
const row = (page: Page) => timeline(page).getByRole("option");

test("[WE45] the keyboard goes from row to row, each is said in words, and Enter shows its lines", async () => {
  const page = await open(scene.failed);
  await timeline(page).focus();
  await page.keyboard.press("ArrowDown");
  await eventually(() => row(page).textContent()).toContain("Run crimson-otter, Failed");
  await page.keyboard.press("End");
  await eventually(() => row(page).textContent()).toContain("Task fetch-page-1, Failed, 4.5 seconds");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Chosen task" }).getByText("fetch-page-1").waitFor();
  await eventually(() => row(page).getAttribute("aria-selected")).toBe("true");
  await eventually(() => page.locator("[data-lines]").getAttribute("data-lines")).toBe("1");
  await page.keyboard.press("Enter");
  await eventually(() => page.url()).not.toContain("task=");
});

test("[WE45] a click on a bar shows its lines, and the address keeps the choice", async () => {
  const page = await open(scene.completed);
  const box = (await timeline(page).boundingBox())!;
  // The first row is the run itself; rows are 26 pixels high under an axis of 26.
  await page.mouse.click(box.x + box.width / 2, box.y + 26 + 26 * 2 + 13);
  await page.waitForURL(/task=/);
  await page.getByRole("region", { name: "Chosen task" }).getByText("fetch-page-1").waitFor();
  await page.reload();
  await untilLive(page);
  await page.getByRole("region", { name: "Chosen task" }).getByText("fetch-page-1").waitFor();
  await page.goBack();
  await eventually(() => page.getByRole("region", { name: "Chosen task" }).count()).toBe(0);
});

test("[WE46] the table says the same as the timeline, row by row", async () => {
  const page = await open(scene.completed);
  const said: string[] = [];
  await timeline(page).focus();
  await page.keyboard.press("Home");
  for (let n = 0; n < 11; n++) {
    await page.keyboard.press("ArrowDown");
    said.push((await row(page).textContent())!.trim());
  }
  await page.keyboard.press("t");
  const rows = page.getByRole("region", { name: "Task runs as a table" }).locator("tbody tr");
  await eventually(() => rows.count()).toBe(11);
  for (const [n, words] of said.entries()) {
    const name = /^Task (\S+),/.exec(words)![1]!;
    await eventually(() => rows.nth(n).textContent()).toContain(name);
  }
});

test("[WE47] zooming and moving need no mouse, and change what is drawn", async () => {
  const page = await open(scene.completed);
  const drawn = (): Promise<string> =>
    timeline(page)
      .locator("canvas")
      .evaluate((canvas) => canvas.toDataURL());
  await timeline(page).focus();
  const whole = await drawn();
  await page.keyboard.press("+");
  await eventually(drawn).not.toBe(whole);
  const near = await drawn();
  await page.keyboard.press("ArrowRight");
  await eventually(drawn).not.toBe(near);
  await page.keyboard.press("0");
  await page.getByRole("button", { name: "Show less time" }).click();
  await page.getByRole("button", { name: "Show more time" }).click();
  await eventually(drawn).toBe(await drawn());
});

test("[WE22] twenty thousand tasks arrive, are all there, and can be walked through", async () => {
  const run = await makeRun(api, { flow: scene.flow, name: "swarm", states: [{ type: "RUNNING" }] });
  const begin = Date.now() - 600_000;
  const wishes = Array.from({ length: 20_000 }, (_, n) =>
    finished(run, `bee-${n}`, begin + n * 10, begin + n * 10 + 5, begin + n * 10 + 900),
  );
  await tellTasks(api, wishes);
  const page = await open(run);
  await page.getByRole("listbox", { name: "Timeline, 20000 tasks" }).waitFor();
  await timeline(page).focus();
  await page.keyboard.press("End");
  await eventually(() => row(page).textContent()).toContain("bee-19999");
  await picture(page, "run-swarm-light-1280");
});

test("[WE79] the graph draws what waited for what, says it in words, and chooses a task in either", async () => {
  const page = await open(scene.completed);
  await page.getByRole("link", { name: "View as graph" }).click();
  const list = page.getByRole("list", { name: "Task runs and what they waited for" });
  await list.getByRole("listitem").filter({ hasText: "report" }).getByText("completed, after store-rows").waitFor();
  await eventually(() => list.getByRole("listitem").count()).toBe(11);
  const drawn = page.getByRole("region", { name: "Graph of 11 task runs, drawn" });
  // Nine fetches lead to the store, and the store to the report.
  await eventually(() => drawn.locator("[data-edge]").count()).toBe(10);
  await list.getByRole("link", { name: "store-rows" }).click();
  await page.waitForURL(/view=graph&task=|task=.*view=graph/);
  await page.getByRole("region", { name: "Chosen task" }).getByText("store-rows").waitFor();
  await eventually(() => list.getByRole("link", { name: "store-rows" }).getAttribute("aria-current")).toBe("true");
  await drawn.locator("a", { hasText: "report" }).click();
  await page.getByRole("region", { name: "Chosen task" }).getByText("report").waitFor();
  await page.keyboard.press("w");
  await page.getByRole("heading", { name: /^Timeline/ }).waitFor();
});
