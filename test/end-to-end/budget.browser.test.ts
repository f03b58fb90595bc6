/** What pages may cost: bytes and calls, counted in the browser. Times are for the bench. */
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, openPageAs, untilLive, type Watched, workspace } from "./browser.ts";
import { clientOf, paintScene, type Scene } from "./scene.ts";

let browser: Browser;
let scene: Scene;
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
  const tenant = await workspace("budget");
  scene = await paintScene(clientOf({ api_url: tenant.apiUrl, api_key: tenant.key }));
  watched = await openPageAs(browser, tenant.key);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
});

interface Weighed {
  /** Kilobytes after gzip. */
  js: number;
  css: number;
  calls: string[];
}

/** Loads a page with an empty cache and weighs what came. */
async function weigh(page: Page, path: string): Promise<Weighed> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  const bodies: Promise<{ path: string; bytes: number }>[] = [];
  const hear = (response: { url(): string; body(): Promise<Buffer> }): void => {
    const weighed = response
      .body()
      .then((body) => ({ path: new URL(response.url()).pathname, bytes: gzipSync(body, { level: 9 }).length }));
    // What the browser let go of is looked at with the others, at the end.
    weighed.catch(() => {});
    bodies.push(weighed);
  };
  page.on("response", hear);
  await page.goto(path, { waitUntil: "networkidle" });
  await untilLive(page);
  page.off("response", hear);
  const all = (await Promise.allSettled(bodies)).flatMap((body) => (body.status === "fulfilled" ? [body.value] : []));
  const kilobytes = (end: string): number =>
    all.filter((one) => one.path.endsWith(end)).reduce((sum, { bytes }) => sum + bytes / 1024, 0);
  await cdp.detach();
  return {
    js: kilobytes(".js"),
    css: kilobytes(".css"),
    calls: all.map((one) => one.path).filter((one) => one.startsWith("/api/")),
  };
}

test.each([
  ["the list of runs", (): string => "/runs", 140],
  ["a run", (): string => `/runs/flow-run/${scene.completed}`, 170],
] as const)("[WE53] %s stays within its budget of scripts, styles and calls", async (_name, path, budget) => {
  const { js, css, calls } = await weigh(watched.page, path());
  expect(js).toBeGreaterThan(20);
  expect(js).toBeLessThanOrEqual(budget);
  expect(css).toBeLessThanOrEqual(25);
  // Rendering calls the API inside the server; the browser itself asks only for the tickets of its sockets.
  expect(calls.length).toBeLessThanOrEqual(6);
  expect(calls.every((call) => call.endsWith("/ws-ticket"))).toBe(true);
});

test.each([360, 1280])(
  "[WE55] nothing moves while a page of %d pixels loads, not even when its typefaces come late",
  async (width) => {
    const { page } = watched;
    await page.setViewportSize({ width, height: 740 });
    let release = (): void => {};
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/\.woff2$/, async (route) => {
      await late;
      await route.continue();
    });
    await page.addInitScript(
      `window.moved = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved += e.value; }).observe({ type: "layout-shift", buffered: true });`,
    );
    await page.goto(`/runs/flow-run/${scene.completed}`, { waitUntil: "domcontentloaded" });
    await untilLive(page);
    release();
    await page.evaluate(
      "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))",
    );
    expect(await page.evaluate("document.fonts.check('16px \"Geist Variable\"')")).toBe(true);
    expect(await page.evaluate("window.moved")).toBeLessThanOrEqual(0.05);
    await page.unroute(/\.woff2$/);
  },
);

test("[WE54] an idle page asks for nothing", async () => {
  const { page } = watched;
  await page.goto("/runs?state=completed");
  await untilLive(page);
  await page.waitForLoadState("networkidle");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  // Twenty beats of the page's own clock: whatever polls would have shown itself.
  await page.clock.install();
  await page.clock.runFor(20_000);
  expect(asked).toEqual([]);
});
