/** The log of a run: long ones, search, levels, addresses of lines, files. */
import { readFileSync } from "node:fs";
import type { Client } from "@millrace/contract/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, launch, openPageAs, untilLive, type Watched, workspace } from "./browser.ts";
import { clientOf, makeFlow, makeRun, setState, tellTasks, writeLog } from "./scene.ts";

const LINES = 1000;
const SECOND = 1000;
let browser: Browser;
let api: Client;
let watched: Watched;
let run = "";
let task = "";

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("log");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  run = await makeRun(api, { flow: await makeFlow(api, "chatty"), name: "talkative", states: [{ type: "RUNNING" }] });
  const begin = Date.now() - LINES * SECOND;
  [task = ""] = await tellTasks(api, [
    {
      run,
      name: "mutter",
      states: [
        { type: "RUNNING", at: begin },
        { type: "COMPLETED", at: begin + 10 },
      ],
    },
  ]);
  await writeLog(
    api,
    run,
    Array.from({ length: LINES }, (_, n) => ({
      message: n === 3 ? "the needle lies here" : `straw number ${n}`,
      level: n === 5 ? 40 : 20,
      at: begin + n * SECOND,
      ...(n === 7 ? { task } : {}),
    })),
  );
  watched = await openPageAs(browser, tenant.key);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  expect(watched?.problems ?? []).toEqual([]);
});

async function open(query = ""): Promise<Page> {
  await watched.page.goto("about:blank");
  await watched.page.goto(`/runs/flow-run/${run}${query}`);
  await untilLive(watched.page);
  return watched.page;
}
const held = (page: Page): Promise<number> => page.locator("[data-lines]").getAttribute("data-lines").then(Number);
const log = (page: Page) => page.getByRole("region", { name: "Log lines" });

test("[WE42] a long log opens at its end, with only the rows in view in the page", async () => {
  const page = await open();
  await page.getByText(`straw number ${LINES - 1}`).waitFor();
  expect(await held(page)).toBe(200);
  await eventually(() => page.locator("[data-message]").count()).toBeLessThan(100);
});

test("[WE43] older lines come when the reader scrolls up, and the line being read stays where it is", async () => {
  const page = await open();
  await page.getByText(`straw number ${LINES - 1}`).waitFor();
  await log(page).focus();
  await page.keyboard.press("Home");
  await eventually(() => held(page)).toBeGreaterThan(200);
  expect(await log(page).evaluate((node) => node.scrollTop)).toBeGreaterThan(0);
  await eventually(() => page.getByText(`straw number ${LINES - 200}`, { exact: true }).count()).toBe(1);
});

test("[WE44] while the reader looks at older lines new ones are counted, and one press follows again", async () => {
  const page = await open();
  await page.getByText(`straw number ${LINES - 1}`).waitFor();
  await log(page).hover();
  await page.mouse.wheel(0, -1500);
  await page.getByRole("button", { name: "To the newest" }).waitFor();
  await writeLog(api, run, [{ message: "fresh one" }, { message: "fresh two" }]);
  const unseen = page.getByRole("button", { name: "2 new lines" });
  await unseen.waitFor();
  await unseen.click();
  await page.getByText("fresh two").waitFor();
  await writeLog(api, run, [{ message: "fresh three" }]);
  await page.getByText("fresh three").waitFor();
  expect(await page.getByRole("button", { name: /new line|newest/ }).count()).toBe(0);
});

test("[WE17] search goes up through the whole log, also where the page did not have it yet", async () => {
  const page = await open();
  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await page.getByText("the needle lies here").waitFor();
  await page.getByText("1 of 1").waitFor();
  await page.keyboard.press("Escape");
  await eventually(() => page.getByLabel(/Find in the log/).inputValue()).toBe("");
});

test("[WE17] the browser's own find, asked for in the log, is ours", async () => {
  const page = await open();
  await log(page).focus();
  await page.keyboard.press("Control+f");
  await eventually(() => page.evaluate("document.activeElement?.type")).toBe("search");
});

test("[WE27] the level and the task are asked of the server, and stand in the address", async () => {
  const page = await open();
  await page.getByLabel("Least level of lines").selectOption("40");
  await page.waitForURL(/level=40/);
  await eventually(() => held(page)).toBe(1);
  await page.getByText("straw number 5", { exact: true }).waitFor();
  await open(`?task=${task}`);
  await page.getByRole("region", { name: "Chosen task" }).getByText("mutter").waitFor();
  expect(await held(page)).toBe(1);
  await page.getByText("straw number 7", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Show all lines again" }).click();
  await eventually(() => held(page)).toBeGreaterThanOrEqual(200);
});

test("[WE18] the address of a line leads to it, however old it is", async () => {
  const page = await open("?level=40");
  const address = await log(page).getByRole("link").first().getAttribute("href");
  await page.goto("about:blank");
  await page.goto(`/runs/flow-run/${run}${address}`);
  await page.getByText("straw number 5", { exact: true }).waitFor();
  await expect
    .poll(() =>
      page
        .locator("[data-message]")
        .filter({ hasText: /^straw number 5$/ })
        .isVisible(),
    )
    .toBe(true);
});

test.each(["log", "jsonl"])("[WE30] the whole log can be had as .%s", async (format) => {
  const page = await open();
  await page.getByRole("button", { name: "Download the log" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: `.${format}` }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe(`talkative.${format}`);
  const lines = readFileSync(await file.path(), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(LINES);
  expect(lines[0]).toContain("straw number 0");
  expect(lines.filter((line) => line.includes("straw number 999")).length).toBe(1);
});

test("[WE16] attempts are divided in the log", async () => {
  const again = await makeRun(api, {
    flow: await makeFlow(api, "chatty"),
    name: "twice",
    retries: 1,
    states: [{ type: "RUNNING" }],
  });
  await writeLog(api, again, [{ message: "first try" }]);
  await setState(api, again, { type: "FAILED" });
  await setState(api, again, { type: "RUNNING", name: "Retrying" });
  await writeLog(api, again, [{ message: "second try" }]);
  await watched.page.goto(`/runs/flow-run/${again}`);
  await watched.page.getByText("Attempt 2", { exact: false }).first().waitFor();
  const text = (await log(watched.page).textContent()) ?? "";
  expect(text.indexOf("first try")).toBeLessThan(text.indexOf("Attempt 2"));
  expect(text.indexOf("Attempt 2")).toBeLessThan(text.indexOf("second try"));
});
