/**
 * A real Chromium for the tests, and pages that notice everything that went wrong on them: errors of scripts, of the console, and
 * reports of the content security policy.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sparticuz from "@sparticuz/chromium";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { ROOT } from "../gates/tree.ts";
import type { Local } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";
import { LOCAL_JSON } from "./one-server.ts";

export type Theme = "light" | "dark";

/** The service under test. */
export function local(): Local {
  const path = process.env[LOCAL_JSON];
  if (!path) throw new Error(`${LOCAL_JSON} names no local.json: run these tests with \`npm run test:browser\``);
  return JSON.parse(readFileSync(path, "utf8")) as Local;
}

/** A workspace of the test's own. */
export const workspace = (name: string): Promise<Tenant> => makeTenant(local(), name);

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: await sparticuz.executablePath(),
    args: ["--no-sandbox", "--disable-quic", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"],
  });
}

export interface View {
  theme?: Theme;
  width?: number;
  height?: number;
  scripts?: boolean;
  motion?: boolean;
}

export interface Watched {
  page: Page;
  context: BrowserContext;
  /** What went wrong, in the order in which it did. */
  problems: string[];
  close(): Promise<void>;
}

/** A fresh browser profile with one page. */
export async function openPage(browser: Browser, view: View = {}): Promise<Watched> {
  const { theme = "light", width = 1280, height = 800, scripts = true, motion = false } = view;
  const context = await browser.newContext({
    baseURL: local().url,
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: motion ? "no-preference" : "reduce",
    timezoneId: "Europe/Paris",
    javaScriptEnabled: scripts,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`script: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  await page.addInitScript(
    `addEventListener("securitypolicyviolation", (e) => console.error("policy: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample))`,
  );
  return { page, context, problems, close: () => context.close() };
}

/** Signs in with an API key, as a person does: by pasting it. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in with the key" }).click();
  await page.waitForURL(/\/runs/);
}

/** By key: the cookie of its session. */
const sessions = new Map<string, Promise<string>>();

async function beginSession(key: string): Promise<string> {
  const answer = await fetch(`${local().url}/api/auth/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ api_key: key }),
  });
  const [cookie] = answer.headers.getSetCookie();
  if (!answer.ok || !cookie) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return cookie.split(";")[0] as string;
}

/** A fresh page of somebody who signed in before. */
export async function openPageAs(browser: Browser, key: string, view: View = {}): Promise<Watched> {
  const session = sessions.get(key) ?? beginSession(key);
  sessions.set(key, session);
  const watched = await openPage(browser, view);
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(await session) ?? [];
  await watched.context.addCookies([{ name, value, url: local().url, httpOnly: true, sameSite: "Lax" }]);
  return watched;
}

/** Something that the page will come to say: asked again until it does, or the test has waited long enough. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

/** The page's scripts have taken over, and its live connection stands. */
export const untilLive = (page: Page): Promise<void> => page.locator('[data-link="live"]').waitFor();

const EVERYTHING = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** The rules that look at colours; to all others both themes of a page are the same. */
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** Violations of accessibility, one line each; nothing is excluded. `only` asks less where the rest was asked before. */
export async function violations(page: Page, only?: "colours"): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  // What passes is not described: that only saves time.
  const options = { runOnly: only ? COLOURS : EVERYTHING, resultTypes: ["violations"] };
  const found = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )) as Violation[];
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

/** Pixels by which the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") as Promise<number>;

const SCREENSHOTS = join(ROOT, "test-output/screenshots");

/** Keeps a picture for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
