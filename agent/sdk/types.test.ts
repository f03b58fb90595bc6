/** What must not compile, and what the types come out as. The compiler is the test; nothing here is run but the last line. */
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { type Flow, flow } from "./flow.ts";
import type { Future } from "./future.ts";
import { type Task, task, unmapped } from "./task.ts";

const fetchPage = task("fetch-page", { retries: 3, retryDelay: ["1s", "5s"] }, async (url: string, locale: string) => ({
  id: url,
  rows: locale.length,
}));
const store = task("store", (pages: { id: string; rows: number }[]) => pages.length);
const ingest = flow(
  "ingest",
  {
    input: z.object({ urls: z.array(z.string()).min(1), locale: z.string().default("en") }),
    runName: (params) => `ingest-${params.urls.length}-${params.locale.length}`,
  },
  async ({ urls, locale }) => {
    expectTypeOf(locale).toEqualTypeOf<string>();
    return store(fetchPage.map(urls, unmapped(locale)));
  },
);
const bare = flow("bare", async ({ n }: { n: number }) => n);
const none = flow("none", () => "done");

export function neverRun() {
  // @ts-expect-error  a flow's parameters are those of its schema
  void ingest({ urls: "x" });
  // @ts-expect-error  a parameter is missing
  void ingest({ locale: "en" });
  // @ts-expect-error  there is no such parameter
  void ingest({ urls: ["a"], page: 1 });
  // @ts-expect-error  a flow with input needs it
  void ingest();
  // @ts-expect-error  without a schema the function's own parameters hold
  void bare({ n: "1" });
  // @ts-expect-error  a flow without input takes none
  void none({ n: 1 });
  // @ts-expect-error  a task's arguments are its function's
  void fetchPage("a", 1);
  // @ts-expect-error  an argument is missing
  void fetchPage("a");
  // @ts-expect-error  a future of the wrong type
  void store(store.submit([]));
  // @ts-expect-error  what is the same for all runs must be marked
  void fetchPage.map(["a"], "en");
  // @ts-expect-error  not a length of time
  task("t", { timeout: "10 minutes" }, () => 1);
  // @ts-expect-error  a misspelt option
  task("t", { retry: 1 }, () => 1);
  // @ts-expect-error  the parameters of a deployment are the flow's
  void ingest.deploy({ name: "nightly", parameters: { locale: 1 } });
  void ingest.deploy({ name: "nightly", workPool: "default", parameters: { locale: "fr" } });
  void ingest({ urls: ["a"] });
  void bare({ n: bare({ n: 1 }) });
  void none();
}

test("[SD24] types: what a caller may hand over is checked by the compiler, for flows, tasks, map and deployments", () => {
  expectTypeOf(ingest).toExtend<
    Flow<{ urls: string[]; locale?: string | undefined }, { urls: string[]; locale: string }, number>
  >();
  expectTypeOf(fetchPage).toExtend<Task<[string, string], { id: string; rows: number }>>();
  expectTypeOf(fetchPage.submit).returns.toEqualTypeOf<Future<{ id: string; rows: number }>>();
  expectTypeOf(fetchPage.map).returns.toEqualTypeOf<Future<{ id: string; rows: number }>[]>();
  expectTypeOf(none).returns.resolves.toEqualTypeOf<string>();
  expect(typeof neverRun).toBe("function");
});
