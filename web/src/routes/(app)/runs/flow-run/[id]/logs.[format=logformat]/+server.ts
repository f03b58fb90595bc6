import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { logLine, plainLine } from "$lib/log/log-book.ts";
import { wholeLog } from "$lib/log/whole-log.ts";
import type { RequestHandler } from "./$types";

/** The whole log as a file: it is sent as it is read, so that it may be of any length. */
export const GET: RequestHandler = async ({ fetch, params, url }) => {
  const api = apiWith(fetch);
  const run = await loadOrExplain(url, "run", () => api("GET /flow_runs/{id}", { params: { id: params.id } }));
  const pages = wholeLog(({ after, skip }, limit) =>
    api("POST /logs/filter", {
      body: {
        logs: { flow_run_id: { any_: [run.id] }, ...(after ? { timestamp: { after_: after } } : {}) },
        sort: "TIMESTAMP_ASC",
        limit,
        offset: skip,
      },
    }),
  );
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await pages.next();
        if (done) return controller.close();
        const lines =
          params.format === "jsonl"
            ? value.map((log) => JSON.stringify(log))
            : value.map((log) => plainLine(logLine(log)));
        controller.enqueue(encoder.encode(`${lines.join("\n")}\n`));
      } catch (error) {
        // A cut download must not look like a whole one.
        controller.error(error);
      }
    },
  });
  const name = run.name.replace(/[^\w.-]+/g, "-").slice(0, 80) || run.id;
  return new Response(body, {
    headers: {
      "content-type": params.format === "jsonl" ? "application/x-ndjson" : "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="${name}.${params.format}"`,
    },
  });
};
