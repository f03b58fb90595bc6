/** Everything by the keyboard, and everything before scripts run. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  eventually,
  launch,
  local,
  openPage,
  openPageAs,
  signIn,
  untilLive,
  type Watched,
  workspace,
} from "./browser.ts";
import { clientOf, paintScene, type Scene } from "./scene.ts";

let browser: Browser;
let api: Client;
let scene: Scene;
let key = "";
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("keyboard");
  key = tenant.key;
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  scene = await paintScene(api);
  watched = await openPageAs(browser, key);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  expect(watched?.problems ?? []).toEqual([]);
});

async function open(path: string): Promise<Page> {
  await watched.page.goto(path);
  await untilLive(watched.page);
  return watched.page;
}
const focused = (page: Page): Promise<string> =>
  page.evaluate(
    "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()",
  ) as Promise<string>;

test("[WE48] the first stop skips to the content, and every stop can be seen", async () => {
  const page = await open("/runs");
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await page.goto("/runs");
  await untilLive(page);
  for (let stop = 0; stop < 30; stop++) {
    await page.keyboard.press("Tab");
    const seen = (await page.evaluate(`(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return { tag: element.tagName, outline: style.outlineStyle, width: parseFloat(style.outlineWidth), box: box.width * box.height };
    })()`)) as { tag: string; outline: string; width: number; box: number };
    if (seen.tag === "BODY") break;
    expect(seen, `stop ${stop}`).toMatchObject({ outline: "solid" });
    expect(seen.width).toBeGreaterThanOrEqual(2);
    expect(seen.box).toBeGreaterThan(0);
  }
});

test("[WE49] a failed run is found by the palette and opened without a mouse", async () => {
  const page = await open("/runs");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder(/A run's name/).waitFor();
  await page.keyboard.type("crimson");
  await page.getByRole("option", { name: /crimson-otter/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/runs/flow-run/${scene.failed}`);
  await page.getByRole("heading", { name: "crimson-otter", level: 1 }).waitFor();
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: "Copy the id of this run" }).waitFor();
  await page.keyboard.press("Escape");
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
});

test("[WE50] rows are walked with j and k, opened with o, and g f goes to what failed", async () => {
  const page = await open("/runs?sort=name");
  await page.keyboard.press("j");
  const first = await focused(page);
  await page.keyboard.press("j");
  expect(await focused(page)).not.toBe(first);
  await page.keyboard.press("k");
  expect(await focused(page)).toBe(first);
  await page.keyboard.press("o");
  await page.waitForURL(/flow-run/);
  await page.getByRole("heading", { name: first, level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.waitForURL(/state=failed,crashed/);
});

test("[WE50] shortcuts of a single letter can be turned off, and then do nothing", async () => {
  const page = await open("/runs");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByLabel("Shortcuts of a single letter work").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.press("?");
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
  await page.reload();
  await untilLive(page);
  await page.keyboard.press("?");
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await page.getByRole("dialog").getByLabel("Shortcuts of a single letter work").check();
});

test("[WE4] theme and times are one setting for all pages, kept over a reload, and right from the first byte", async () => {
  const page = await open("/runs");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Dark").check();
  await page.getByLabel("UTC", { exact: true }).check();
  await eventually(() => page.locator("tbody time").first().textContent()).toContain("UTC");
  const answer = await page.goto(`/runs/flow-run/${scene.completed}`);
  const html = await answer!.text();
  expect(html).toContain('<html lang="en" data-theme="dark">');
  expect(html).toMatch(/\d\d:\d\d:\d\d UTC/);
  // What is chosen before the page is live is set back when it becomes so.
  await untilLive(page);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("As the system").check();
  await page.getByLabel(/Local time/).check();
});

test("[WE10] filters are in the address: back, forward and reload bring them again", async () => {
  const page = await open("/runs");
  await page.getByRole("button", { name: "State" }).click();
  await page.getByRole("link", { name: "State is Failed" }).click();
  await page.waitForURL(/state=failed/);
  await eventually(() => page.locator("tbody tr").count()).toBe(1);
  await page.keyboard.press("Escape");
  await page.getByLabel("Name of a run").fill("crimson");
  await page.waitForURL(/q=crimson/);
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("q="));
  await page.reload();
  await untilLive(page);
  await eventually(() => page.getByText("State is Failed", { exact: true }).count()).toBe(1);
  await page.getByRole("link", { name: "Remove: State is Failed" }).click();
  await page.waitForURL((url) => url.search === "");
});

test("[WE51] without scripts one can sign in, read the list, a run and its log, and sign out", async () => {
  const bare = await openPage(browser, { scripts: false });
  const { page } = bare;
  await signIn(page, key);
  await eventually(() => page.getByRole("row", { name: /crimson-otter/ }).count()).toBe(1);
  await page.getByRole("link", { name: "crimson-otter" }).first().click();
  await page.getByRole("heading", { name: "crimson-otter" }).waitFor();
  await page.getByText("httpx.HTTPError: 503 Service Unavailable").waitFor();
  await page.getByRole("link", { name: "View as table" }).click();
  await page.getByRole("row", { name: /fetch-page-1/ }).waitFor();
  await page.getByRole("link", { name: "States" }).click();
  await page.getByRole("list", { name: "States, oldest first" }).waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/sign-in/);
  await page.goto("/runs");
  expect(page.url()).toContain("/sign-in?next=%2Fruns");
  expect(bare.problems).toEqual([]);
  await bare.close();
});

test("[WE52] a wrong key is refused with a sentence, and a server on one's own machine opens with one click", async () => {
  const fresh = await openPage(browser);
  const { page } = fresh;
  await page.goto("/sign-in?next=%2Fruns%3Fstate%3Dfailed");
  await page.getByLabel("API key").fill("mrl_not_a_key");
  await page.getByRole("button", { name: "Sign in with the key" }).click();
  await page.getByRole("alert").getByText("This key is not known here").waitFor();
  await eventually(() => page.getByLabel("API key").inputValue()).toBe("mrl_not_a_key");
  await page.getByRole("button", { name: "Open this server" }).click();
  await page.waitForURL(/\/runs\?state=failed/);
  const [session] = (await fresh.context.cookies()).filter(({ name }) => name === "millrace_session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  await fresh.close();
});

test("[WE5] the addresses that Prefect's client prints lead to their pages", async () => {
  const { account_id, workspace_id } = local();
  const fresh = await openPageAs(browser, local().api_key);
  await fresh.page.goto(`/account/${account_id}/workspace/${workspace_id}/runs?state=failed`);
  expect(new URL(fresh.page.url()).pathname).toBe("/runs");
  await fresh.close();
  const { page } = watched;
  await page.goto(`/account/${account_id}/workspace/${workspace_id}/runs`);
  await page.getByText("another workspace").waitFor();
  await page.goto(`/flows/flow/${scene.flow}`);
  await page.getByRole("heading", { name: "ingest" }).waitFor();
  await page.goto(`/deployments/deployment/${scene.deployment}`);
  await page.getByRole("heading", { name: "eu-nightly" }).waitFor();
  await page.goto(`/work-pools/work-pool/${scene.pool}`);
  await page.getByRole("heading", { name: "mill", exact: true }).waitFor();
  await page.goto(`/work-pools/work-pool/${scene.pool}/worker/some-worker`);
  await page.waitForURL(/work-pool\/mill$/);
  const { default_queue_id } = await api("GET /work_pools/{name}", { params: { name: scene.pool } });
  await page.goto(`/work-queues/work-queue/${default_queue_id}`);
  await page.waitForURL(/work-pool\/mill$/);
  await page.goto(`/runs/flow-run/${scene.failed}?view=table`);
  const task = new URL(
    (await page.getByRole("link", { name: "fetch-page-1" }).getAttribute("href"))!,
    page.url(),
  ).searchParams.get("task");
  await page.goto(`/runs/task-run/${task}`);
  await page.waitForURL(new RegExp(`flow-run/${scene.failed}\\?task=${task}`));
  // The other workspace's page was an answer 404, which the browser reports.
  watched.problems.length = 0;
});

test("[WE78] a theme that is chosen before the page's scripts have come is the theme when they have", async () => {
  const fresh = await openPageAs(browser, local().api_key);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await fresh.page.route("**/_app/**/*.js", (route) => held.then(() => route.continue()));
  await fresh.page.goto("/flows", { waitUntil: "commit" });
  await fresh.page.getByRole("button", { name: "Settings" }).click();
  await fresh.page.getByLabel("Dark").check();
  release();
  await untilLive(fresh.page);
  await eventually(() => fresh.page.getByLabel("Dark").isChecked()).toBe(true);
  expect(await fresh.page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  expect(fresh.problems).toEqual([]);
  await fresh.close();
});
