import { collections } from "@millrace/contract/collections.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { WORKERS } from "./pool-types.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Views by the names that Prefect's clients ask for. Of flows and blocks this service has no collections of its own. */
const VIEWS: { readonly [view: string]: JsonObject } = {
  "aggregate-worker-metadata": WORKERS,
  "aggregate-flow-metadata": {},
  "aggregate-block-metadata": {},
  "demo-flows": {},
};

/** What kinds of work pools there are. */
export function serveCollections(app: App): void {
  serve(app, collections.view, ({ params }) =>
    Object.hasOwn(VIEWS, params.view) ? (VIEWS[params.view] as JsonObject) : notFound("view", params.view),
  );
  serve(app, collections.workPoolTypes, () => WORKERS);
}
