/** Every page in every theme and width, as accessibility tools, the content policy and the window's edge see it. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeKey, type Tenant } from "../support/tenant.ts";
import { eventually, launch, local, openPageAs, untilLive, violations, type Watched, workspace } from "./browser.ts";
import { clientOf, paintScene, type Scene } from "./scene.ts";
import { paintThings, type Things } from "./scene-things.ts";
import { examine, faults, Seats, type Sight } from "./sights.ts";

let browser: Browser;
let scene: Scene & Things;
let full: Tenant;
let partly = "";
const seats = new Seats(() => browser);

beforeAll(async () => {
  browser = await launch();
  full = await workspace("pages");
  partly = (await makeKey(local(), full.workspaceId, "pages-partly", ["see_flows", "see_events"])).key;
  const api = clientOf({ api_url: full.apiUrl, api_key: full.key });
  const runs = await paintScene(api);
  scene = { ...runs, ...(await paintThings(api, runs.completed)) };
});
afterAll(async () => {
  await browser?.close();
});

const run =
  (id: keyof Scene, query = "") =>
  (from: Scene) =>
    `/runs/flow-run/${from[id]}${query}`;
const at = (path: string) => () => path;

const CASES: [name: string, path: (scene: Scene & Things) => string, title: RegExp][] = [
  ["runs", at("/runs"), /^All runs · Millrace$/],
  ["runs-filtered", at("/runs?state=failed,!late&tag=eu&when=7d&sort=name"), /^All runs/],
  ["runs-none-match", at("/runs?q=nothing-like-this"), /^All runs/],
  ["runs-upcoming", at("/runs?when=upcoming"), /^Upcoming/],
  ["run-completed", run("completed"), /^✓ nightly-2026-11-24 · ingest$/],
  ["run-failed", run("failed"), /^✗ crimson-otter · ingest$/],
  ["run-running", run("running"), /^▶ busy-beaver · ingest$/],
  ["run-waiting", run("waiting"), /^◷ waiting-vole/],
  ["run-task", ({ failed, task }) => `/runs/flow-run/${failed}?tab=task&task=${task}`, /^✗ crimson-otter/],
  ["run-graph", run("completed", "?view=graph"), /^✓ nightly/],
  ["run-sub-runs", run("completed", "?tab=sub-runs"), /^✓ nightly/],
  ["run-cancellation", run("cancelled", "?tab=cancellation"), /^⊘ slow-otter/],
  ["run-states", run("retried", "?tab=states"), /^✓ stubborn-mule/],
  ["run-artifacts", run("completed", "?tab=artifacts"), /^✓ nightly/],
  ["run-parameters", run("completed", "?tab=parameters&view=table"), /^✓ nightly/],
  ["flows", at("/flows"), /^Flows · Millrace$/],
  ["flows-none-match", at("/flows?q=nothing-like-this"), /^Flows/],
  ["flow", ({ flow }) => `/flows/flow/${flow}`, /^ingest · Flow/],
  ["deployments", at("/deployments"), /^Deployments · Millrace$/],
  ["deployment", ({ deployment }) => `/deployments/deployment/${deployment}`, /^ingest › eu-nightly/],
  ["pools", at("/work-pools"), /^Work pools · Millrace$/],
  ["pool", at("/work-pools/work-pool/mill"), /^mill · Work pool/],
  ["artifacts", at("/artifacts"), /^Artifacts · Millrace$/],
  ["artifact-markdown", ({ notes }) => `/artifacts/key/${notes}`, /^release-notes · Artifact/],
  ["artifact-picture", ({ picture }) => `/artifacts/key/${picture}`, /^week · Artifact/],
  ["limits", at("/concurrency-limits"), /^Concurrency limits · Millrace$/],
  ["limit", at("/concurrency-limits/concurrency-limit/database"), /^database · Concurrency limit/],
  ["limit-idle", at("/concurrency-limits/concurrency-limit/night-only"), /^night-only · Concurrency limit/],
  ["variables", at("/variables"), /^Variables · Millrace$/],
  ["blocks", at("/blocks"), /^Blocks · Millrace$/],
  ["block", ({ block }) => `/blocks/block/${block}`, /^eu · Block/],
];

test.each(CASES)(
  "[WE1] %s, in both themes at 360, 768 and 1280 pixels: no violation of WCAG 2.2 AA, no overflow, no error, one heading",
  async (name, path, title) => {
    await examine(await seats.of(full.key), { name, path: path(scene), title, live: true });
  },
);

const LAYERS: {
  name: string;
  path: (scene: Scene & Things) => string;
  open: (watched: Watched) => Promise<unknown>;
}[] = [
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
    name: "schedule-form",
    path: ({ deployment }) => `/deployments/deployment/${deployment}`,
    open: ({ page }) =>
      page
        .getByRole("button", { name: "New schedule" })
        .click()
        .then(() => page.getByRole("list", { name: "The next times" }).waitFor()),
  },
  {
    name: "pool-form",
    path: () => "/work-pools/work-pool/mill",
    open: ({ page }) => page.getByRole("button", { name: "Edit the pool" }).click(),
  },
  {
    name: "rerun-form",
    path: run("failed"),
    open: ({ page }) => page.keyboard.press("a").then(() => page.getByLabel("Locale").waitFor()),
  },
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
    name: "variable-form",
    path: () => "/variables",
    open: ({ page }) => page.getByRole("button", { name: "Edit routes" }).click(),
  },
  { name: "limit-form", path: () => "/concurrency-limits", open: ({ page }) => page.getByText("New limit").click() },
  {
    name: "release",
    path: () => "/concurrency-limits/concurrency-limit/database",
    open: ({ page }) =>
      page
        .getByRole("button", { name: /^Release the slots/ })
        .first()
        .click(),
  },
  {
    name: "block-types",
    path: () => "/blocks",
    open: ({ page }) =>
      page
        .getByText("New block")
        .click()
        .then(() => page.getByText("Of which type?").waitFor()),
  },
  {
    name: "block-form",
    path: ({ block }) => `/blocks/block/${block}`,
    open: ({ page }) => page.getByRole("button", { name: "Edit the block" }).click(),
  },
  {
    name: "places",
    path: () => "/blocks",
    open: ({ page }) =>
      page
        .setViewportSize({ width: 360, height: 740 })
        .then(() => page.getByRole("button", { name: "More: all places" }).click()),
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
  const watched = await seats.of(full.key);
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
  const { page } = await seats.of(full.key);
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
  const watched = await openPageAs(browser, partly);
  await watched.page.goto(`/runs/flow-run/${scene.completed}?tab=artifacts`);
  await untilLive(watched.page);
  const alert = watched.page.getByRole("alert");
  await eventually(() => alert.textContent()).toContain("The artifacts could not be loaded");
  await eventually(() => alert.textContent()).toContain("see_artifacts");
  await watched.page.getByRole("listbox", { name: "Timeline, 11 tasks" }).waitFor();
  expect(await violations(watched.page)).toEqual([]);
  expect(watched.problems).toEqual([]);
  await watched.close();
});

test("[WE29] [S58] what a flow published is shown as text, and runs nothing", async () => {
  const { page, problems } = await seats.of(full.key);
  await page.goto(`/runs/flow-run/${scene.completed}?tab=artifacts`);
  await eventually(() => page.getByText("<script>alert(1)</script>").count()).toBe(1);
  expect(problems).toEqual([]);
});
