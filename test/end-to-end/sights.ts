/** A page as it is seen in both themes and at three widths, and what is wrong with it there. */
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import {
  eventually,
  openPage,
  openPageAs,
  overflow,
  picture,
  type Theme,
  untilLive,
  violations,
  type Watched,
} from "./browser.ts";

export interface Sight {
  theme: Theme;
  width: number;
}
const SIGHTS: Sight[] = (["light", "dark"] as const).flatMap((theme) =>
  [360, 768, 1280].map((width) => ({ theme, width })),
);

/** What is wrong with the page as it stands, in each theme and width, and pictures of it. */
export async function faults(page: Page, name: string, sights: readonly Sight[] = SIGHTS): Promise<string[]> {
  const found: string[] = [];
  const judged = new Set<number>();
  for (const { theme, width } of sights) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: width === 360 ? 740 : 860 });
    await page.evaluate(
      "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))",
    );
    const wider = await overflow(page);
    if (wider !== 0) found.push(`${theme} ${width}: ${wider} pixels too wide`);
    // A tablet's picture says nothing that the other two do not.
    if (width !== 768) await picture(page, `${name}-${theme}-${width}`);
    // At a width that was judged in one theme, only colours are left to judge in the other: a tablet has those of the other two.
    if (judged.has(width) && width === 768) continue;
    const all = await violations(page, judged.has(width) ? "colours" : undefined);
    judged.add(width);
    for (const violation of all) found.push(`${theme} ${width}: ${violation}`);
  }
  return found;
}

/** Pages that stay open from case to case, one for each key; "" is nobody's. */
export class Seats {
  readonly #browser: () => Browser;
  readonly #opened = new Map<string, Watched>();

  constructor(browser: () => Browser) {
    this.#browser = browser;
  }

  async of(key: string): Promise<Watched> {
    const watched =
      this.#opened.get(key) ?? (await (key ? openPageAs(this.#browser(), key) : openPage(this.#browser())));
    this.#opened.set(key, watched);
    watched.problems.length = 0;
    return watched;
  }
}

export interface Look {
  name: string;
  path: string;
  title: RegExp;
  /** The answer's status, where it is not 200. */
  status?: number;
  /** It follows what happens. */
  live?: boolean;
}

/** Opens a page and holds it to all that every page promises. */
export async function examine(
  { page, problems }: Watched,
  { name, path, title, status = 200, live }: Look,
): Promise<void> {
  const answer = await page.goto(path);
  expect(answer?.status()).toBe(status);
  await (live ? untilLive(page) : page.waitForLoadState("networkidle"));
  await eventually(() => page.title()).toMatch(title);
  await eventually(() => page.locator("h1").count()).toBe(1);
  expect(await faults(page, name)).toEqual([]);
  const expected = status === 200 ? /^$/ : new RegExp(`the server responded with a status of ${status}`);
  expect(problems.filter((problem) => !expected.test(problem))).toEqual([]);
}
