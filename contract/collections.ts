/** What kinds of work pools there are. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Name } from "./wire.ts";

const View = z.record(z.string(), z.unknown());

export const collections = {
  view: endpoint({
    method: "GET",
    path: "/collections/views/{view}",
    scope: "any credential",
    params: z.object({ view: Name }),
    status: 200,
    result: View,
    summary:
      "A view of the known collections: aggregate-worker-metadata, aggregate-flow-metadata, aggregate-block-metadata, demo-flows.",
  }),
  workPoolTypes: endpoint({
    method: "GET",
    path: "/collections/work_pool_types",
    scope: "see_work_pools",
    status: 200,
    result: View,
    summary: "The types that a work pool can have, with their base job templates.",
  }),
};
