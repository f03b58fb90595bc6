/** A fresh page for each test of a file, of somebody who is signed in. What went wrong on a page fails its test. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launch, openPageAs, untilLive, type Watched } from "./browser.ts";

export interface Visits {
  /** A page of whoever has this key, on which nothing is open yet. */
  begin: (key: string) => Promise<Watched>;
  /** A page at this path, live. */
  open: (key: string, path: string) => Promise<Page>;
  /** The browser reports each refusal; this test asked for those so far. */
  forgive: () => void;
}

/** Starts a browser for the tests of the file that calls this. */
export function visits(): Visits {
  let browser: Browser;
  let watched: Watched | null = null;
  const begin = async (key: string): Promise<Watched> => {
    watched = await openPageAs(browser, key);
    return watched;
  };
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    const problems = watched?.problems ?? [];
    await watched?.close();
    watched = null;
    expect(problems).toEqual([]);
  });
  return {
    begin,
    open: async (key, path) => {
      const { page } = await begin(key);
      await page.goto(path);
      await untilLive(page);
      return page;
    },
    forgive: () => {
      if (watched) watched.problems.length = 0;
    },
  };
}
