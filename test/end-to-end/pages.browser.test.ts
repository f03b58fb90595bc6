/** Every page in both themes and three widths: accessible, inside the window, without an error, with a name. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import {
  launch,
  local,
  openPage,
  overflow,
  picture,
  signIn,
  type Theme,
  untilLive,
  violations,
  type Watched,
  workspace,
} from "./browser.ts";
import { clientOf, makeDeployment, makeFlow, makePool, makeRun, paintScene, type Scene, writeLog } from "./scene.ts";

let browser: Browser;
let scene: Scene;
const keys = { full: "", empty: "", huge: "", forbidden: "", partly: "" };
let hugeRun = "";
let hugeFlow = "";
let hugeDeployment = "";
const opened = new Map<string, Watched>();

const LONG = "a-name-without-any-place-to-break-it-".repeat(6);

beforeAll(async () => {
  browser = await launch();
  const [full, empty, huge] = await Promise.all([
    workspace("pages"),
    workspace("pages-empty"),
    workspace("pages-huge"),
  ]);
  const forbidden = await makeKey(local(), full.workspaceId, "pages-forbidden", ["see_artifacts"]);
  const partly = await makeKey(local(), full.workspaceId, "pages-partly", ["see_flows", "see_events"]);
  Object.assign(keys, {
    partly: partly.key,
    full: full.key,
    empty: empty.key,
    huge: huge.key,
    forbidden: forbidden.key,
  });
  scene = await paintScene(clientOf({ api_url: full.apiUrl, api_key: full.key }));
  const api = clientOf({ api_url: huge.apiUrl, api_key: huge.key });
  const flow = await makeFlow(api, LONG);
  hugeFlow = flow;
  await makePool(api, LONG, LONG);
  for (let n = 0; n < 30; n++) {
    hugeDeployment = await makeDeployment(api, flow, `${n}-${LONG}`, {
      work_pool_name: LONG,
      tags: Array.from({ length: 20 }, (_, tag) => `${tag}-${LONG}`),
      description: `${LONG} ${"words that do break. ".repeat(40)}`,
      parameters: { text: "x".repeat(70_000) },
      parameter_openapi_schema: {
        properties: Object.fromEntries(
          Array.from({ length: 40 }, (_, field) => [`${field}-${LONG}`, { type: "string", description: LONG }]),
        ),
      },
    });
  }
  const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(1)</script>`;
  const tags = [HOSTILE, ...Array.from({ length: 29 }, (_, n) => `${n}-${LONG}`)];
  const message = `${LONG} ${"words that do break. ".repeat(40)}`;
  for (let n = 0; n < 55; n++) {
    hugeRun = await makeRun(api, {
      flow,
      name: n % 3 ? `${n}-${LONG}` : `${n} ${HOSTILE} ${LONG}`,
      tags,
      parameters: { text: "x".repeat(80_000) },
      states: n % 2 ? [] : [{ type: "RUNNING" }, { type: "FAILED", message }],
    });
    if (n > 50) await writeLog(api, hugeRun, [{ message: HOSTILE }, { message: `\u001b[31m${HOSTILE}\u001b[0m` }]);
  }
});
afterAll(async () => {
  await browser?.close();
});

/** Pages stay open from case to case, one for each key. */
async function seen(who: keyof typeof keys | null): Promise<Watched> {
  const name = who ?? "nobody";
  let watched = opened.get(name);
  if (!watched) {
    watched = await openPage(browser);
    if (who) await signIn(watched.page, keys[who]);
    opened.set(name, watched);
  }
  watched.problems.length = 0;
  return watched;
}

interface Sight {
  theme: Theme;
  width: number;
}
const SIGHTS: Sight[] = (["light", "dark"] as const).flatMap((theme) =>
  [360, 768, 1280].map((width) => ({ theme, width })),
);

/** What is wrong with the page as it stands, in each theme and width, and a picture of each. */
async function faults(page: Page, name: string, sights: readonly Sight[] = SIGHTS): Promise<string[]> {
  const found: string[] = [];
  for (const { theme, width } of sights) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: width === 360 ? 740 : 860 });
    await page.evaluate(
      "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))",
    );
    const wider = await overflow(page);
    if (wider !== 0) found.push(`${theme} ${width}: ${wider} pixels too wide`);
    await picture(page, `${name}-${theme}-${width}`);
    for (const violation of await violations(page)) found.push(`${theme} ${width}: ${violation}`);
  }
  return found;
}

interface Case {
  name: string;
  who: keyof typeof keys | null;
  path: (scene: Scene) => string;
  title: RegExp;
  /** The answer's status, where it is not 200. */
  status?: number;
  live?: boolean;
}

const run =
  (id: keyof Scene, query = "") =>
  (from: Scene) =>
    `/runs/flow-run/${from[id]}${query}`;
const CASES: Case[] = [
  { name: "sign-in", who: null, path: () => "/sign-in", title: /^Sign in · Millrace$/ },
  { name: "runs", who: "full", path: () => "/runs", title: /^All runs · Millrace$/, live: true },
  {
    name: "runs-filtered",
    who: "full",
    path: () => "/runs?state=failed,!late&tag=eu&when=7d&sort=name",
    title: /^All runs/,
    live: true,
  },
  { name: "runs-none-match", who: "full", path: () => "/runs?q=nothing-like-this", title: /^All runs/, live: true },
  { name: "runs-upcoming", who: "full", path: () => "/runs?when=upcoming", title: /^Upcoming/, live: true },
  { name: "runs-empty", who: "empty", path: () => "/runs", title: /^All runs/, live: true },
  { name: "runs-huge", who: "huge", path: () => "/runs", title: /^All runs/, live: true },
  { name: "runs-forbidden", who: "forbidden", path: () => "/runs", title: /^Not allowed/, status: 403 },
  { name: "run-completed", who: "full", path: run("completed"), title: /^✓ nightly-2026-11-24 · ingest$/, live: true },
  { name: "run-failed", who: "full", path: run("failed"), title: /^✗ crimson-otter · ingest$/, live: true },
  { name: "run-running", who: "full", path: run("running"), title: /^▶ busy-beaver · ingest$/, live: true },
  { name: "run-states", who: "full", path: run("retried", "?tab=states"), title: /^✓ stubborn-mule/, live: true },
  { name: "run-artifacts", who: "full", path: run("completed", "?tab=artifacts"), title: /^✓ nightly/, live: true },
  {
    name: "run-parameters",
    who: "full",
    path: run("completed", "?tab=parameters&view=table"),
    title: /^✓ nightly/,
    live: true,
  },
  {
    name: "run-huge",
    who: "huge",
    path: () => `/runs/flow-run/${hugeRun}?tab=parameters`,
    title: /a-name-without/,
    live: true,
  },
  {
    name: "run-huge-log",
    who: "huge",
    path: () => `/runs/flow-run/${hugeRun}?view=table`,
    title: /a-name-without/,
    live: true,
  },
  {
    name: "run-unknown",
    who: "full",
    path: () => "/runs/flow-run/00000000-0000-4000-8000-000000000000",
    title: /^Not found/,
    status: 404,
  },
  { name: "flows", who: "full", path: () => "/flows", title: /^Flows · Millrace$/, live: true },
  { name: "flows-none-match", who: "full", path: () => "/flows?q=nothing-like-this", title: /^Flows/, live: true },
  { name: "flows-empty", who: "empty", path: () => "/flows", title: /^Flows/, live: true },
  { name: "flows-huge", who: "huge", path: () => "/flows", title: /^Flows/, live: true },
  { name: "flows-forbidden", who: "forbidden", path: () => "/flows", title: /^Not allowed/, status: 403 },
  { name: "flow", who: "full", path: ({ flow }) => `/flows/flow/${flow}`, title: /^ingest · Flow/, live: true },
  { name: "flow-huge", who: "huge", path: () => `/flows/flow/${hugeFlow}`, title: /^a-name-without/, live: true },
  {
    name: "flow-unknown",
    who: "full",
    path: () => "/flows/flow/00000000-0000-4000-8000-000000000000",
    title: /^Not found/,
    status: 404,
  },
  { name: "deployments", who: "full", path: () => "/deployments", title: /^Deployments · Millrace$/, live: true },
  { name: "deployments-empty", who: "empty", path: () => "/deployments", title: /^Deployments/, live: true },
  { name: "deployments-huge", who: "huge", path: () => "/deployments", title: /^Deployments/, live: true },
  { name: "deployments-forbidden", who: "partly", path: () => "/deployments", title: /^Not allowed/, status: 403 },
  {
    name: "deployment",
    who: "full",
    path: ({ deployment }) => `/deployments/deployment/${deployment}`,
    title: /^ingest › eu-nightly/,
    live: true,
  },
  {
    name: "deployment-huge",
    who: "huge",
    path: () => `/deployments/deployment/${hugeDeployment}`,
    title: /^a-name-without/,
    live: true,
  },
  { name: "pools", who: "full", path: () => "/work-pools", title: /^Work pools · Millrace$/, live: true },
  { name: "pools-empty", who: "empty", path: () => "/work-pools", title: /^Work pools/, live: true },
  { name: "pools-huge", who: "huge", path: () => "/work-pools", title: /^Work pools/, live: true },
  { name: "pools-forbidden", who: "partly", path: () => "/work-pools", title: /^Not allowed/, status: 403 },
  { name: "pool", who: "full", path: () => "/work-pools/work-pool/mill", title: /^mill · Work pool/, live: true },
  {
    name: "pool-huge",
    who: "huge",
    path: () => `/work-pools/work-pool/${LONG}`,
    title: /^a-name-without/,
    live: true,
  },
  {
    name: "pool-unknown",
    who: "full",
    path: () => "/work-pools/work-pool/nowhere",
    title: /^Not found/,
    status: 404,
  },
  { name: "nowhere", who: null, path: () => "/nowhere", title: /^Not found/, status: 404 },
];

test.each(CASES)(
  "[WE1] $name, in both themes at 360, 768 and 1280 pixels: no violation of WCAG 2.2 AA, no overflow, no error, one heading",
  async ({ name, who, path, title, status = 200, live }) => {
    const { page, problems } = await seen(who);
    const answer = await page.goto(path(scene));
    expect(answer?.status()).toBe(status);
    await (live ? untilLive(page) : page.waitForLoadState("networkidle"));
    expect(await page.title()).toMatch(title);
    expect(await page.locator("h1").count()).toBe(1);
    expect(await faults(page, name)).toEqual([]);
    const expected = status === 200 ? /^$/ : new RegExp(`the server responded with a status of ${status}`);
    expect(problems.filter((problem) => !expected.test(problem))).toEqual([]);
  },
);

test.each(["/sign-in", "/runs", "/flows", "/deployments", "/work-pools", "run"])(
  "[WE1] %s reflows at 320 pixels",
  async (path) => {
    const { page } = await seen(path === "/sign-in" ? null : "huge");
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(path === "run" ? `/runs/flow-run/${hugeRun}` : path);
    expect(await overflow(page)).toBe(0);
  },
);

const LAYERS: { name: string; path: (scene: Scene) => string; open: (watched: Watched) => Promise<void> }[] = [
  {
    name: "palette",
    path: run("failed"),
    open: ({ page }) => page.keyboard.press("Control+k").then(() => page.getByPlaceholder(/A run's name/).waitFor()),
  },
  {
    name: "shortcuts",
    path: run("failed"),
    open: ({ page }) =>
      page.keyboard.press("?").then(() => page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor()),
  },
  { name: "settings", path: () => "/runs", open: ({ page }) => page.getByRole("button", { name: "Settings" }).click() },
  { name: "connection", path: () => "/runs", open: ({ page }) => page.locator("[data-link]").click() },
  {
    name: "states",
    path: () => "/runs?state=failed,!late",
    open: ({ page }) => page.getByRole("button", { name: "State" }).click(),
  },
  {
    name: "flows",
    path: () => "/runs",
    open: ({ page }) =>
      page
        .getByRole("button", { name: "Flow" })
        .click()
        .then(() => page.getByLabel("ingest").waitFor()),
  },
  {
    name: "times",
    path: () => "/runs?from=2026-01-01T00:00:00.000Z",
    open: ({ page }) => page.getByRole("button", { name: "Time", exact: true }).click(),
  },
  { name: "cancel", path: run("running"), open: ({ page }) => page.getByRole("button", { name: "Cancel" }).click() },
  { name: "retry", path: run("failed"), open: ({ page }) => page.getByRole("button", { name: "Retry" }).click() },
  {
    name: "run-form",
    path: ({ deployment }) => `/deployments/deployment/${deployment}`,
    open: ({ page }) =>
      page
        .getByRole("button", { name: "Run eu-nightly" })
        .click()
        .then(() => page.getByLabel("Locale").waitFor()),
  },
  {
    name: "task",
    path: run("failed", "?view=table"),
    open: ({ page }) =>
      page
        .getByRole("link", { name: "fetch-page-1" })
        .click()
        .then(() => page.getByRole("region", { name: "Chosen task" }).waitFor()),
  },
];

test.each(LAYERS)("[WE1] $name, opened, has no violation either", async ({ name, path, open }) => {
  const watched = await seen("full");
  await watched.page.setViewportSize({ width: 1280, height: 860 });
  await watched.page.goto(path(scene));
  await untilLive(watched.page);
  await open(watched);
  const wideAndNarrow: Sight[] = [
    { theme: "light", width: 1280 },
    { theme: "dark", width: 360 },
  ];
  expect(await faults(watched.page, `layer-${name}`, wideAndNarrow)).toEqual([]);
  expect(watched.problems).toEqual([]);
});

test("[WE2] pages are sent with a policy that no inline script passes, and are never cached or framed", async () => {
  const { page } = await seen("full");
  const answer = await page.goto(`/runs/flow-run/${scene.completed}`);
  const headers = answer!.headers();
  const policy = headers["content-security-policy"]!;
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+'(;|$)/);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe|style-src [^;]*unsafe|\*/);
  expect(headers["cache-control"]).toContain("no-store");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  const nonce = /'nonce-([^']+)'/.exec(policy)![1];
  const html = await answer!.text();
  for (const [tag] of html.matchAll(/<script\b[^>]*>/g))
    expect(tag.includes(`nonce="${nonce}"`) || / src="\//.test(tag)).toBe(true);
  expect(html).not.toMatch(/<style|\son\w+=/);
  // Two answers never share a nonce.
  expect((await page.reload())!.headers()["content-security-policy"]).not.toContain(nonce);
});

test("[WE56] a part that cannot be had says why in its own place, and the rest of the page stands", async () => {
  const watched = await openPage(browser);
  await signIn(watched.page, keys.partly);
  await watched.page.goto(`/runs/flow-run/${scene.completed}?tab=artifacts`);
  await untilLive(watched.page);
  const alert = watched.page.getByRole("alert");
  expect(await alert.textContent()).toContain("The artifacts could not be loaded");
  expect(await alert.textContent()).toContain("see_artifacts");
  await watched.page.getByRole("listbox", { name: "Timeline, 11 tasks" }).waitFor();
  expect(await violations(watched.page)).toEqual([]);
  expect(watched.problems).toEqual([]);
  await watched.close();
});

test("[WE29] what a flow published is shown as text, and runs nothing", async () => {
  const { page, problems } = await seen("full");
  await page.goto(`/runs/flow-run/${scene.completed}?tab=artifacts`);
  expect(await page.getByText("<script>alert(1)</script>").count()).toBe(1);
  expect(problems).toEqual([]);
});
