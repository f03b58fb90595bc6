import { build } from "esbuild";
import { expect, test } from "vitest";
import { ApiError, createClient } from "./client.ts";

/** A client whose calls are kept and answered here. */
function client(answer: Response | (() => Response), options: { token?: string; baseUrl?: string } = {}) {
  const calls: { url: string; init: RequestInit & { headers: Record<string, string> } }[] = [];
  const call = createClient({
    baseUrl: "http://host/api/",
    ...options,
    fetch: async (url, init) => {
      calls.push({ url, init: init as never });
      return typeof answer === "function" ? answer() : answer;
    },
  });
  return { call, calls };
}

const ID = "01900000-0000-7000-8000-00000000000a";
const json = (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), { status, headers });

test("[CO6] the client brings nothing along: no zod, and nothing of the table but its types", async () => {
  const { metafile } = await build({
    entryPoints: [new URL("client.ts", import.meta.url).pathname],
    ...{ bundle: true, write: false, metafile: true, format: "esm", platform: "neutral", logLevel: "silent" },
  });
  expect(Object.keys(metafile.inputs).map((path) => path.replace(/^.*contract\//, ""))).toEqual(["client.ts"]);
});

test("[CO6] a route's name says method and path; parameters are escaped, queries and bodies are sent", async () => {
  const { call, calls } = client(() => json([]), { token: "key" });
  await call("GET /work_pools/{name}/agents", { params: { name: "a/b c" } });
  await call("POST /flow_runs/filter", { body: { limit: 1 } });
  expect(calls.map(({ url, init }) => `${init.method} ${url}`)).toEqual([
    "GET http://host/api/work_pools/a%2Fb%20c/agents",
    "POST http://host/api/flow_runs/filter",
  ]);
  expect(calls[0]?.init.headers).toEqual({ accept: "application/json", authorization: "Bearer key" });
  expect(calls[1]?.init).toMatchObject({ body: '{"limit":1}', headers: { "content-type": "application/json" } });
});

test("[CO6] bytes go as they are, and without a token nothing is claimed", async () => {
  const { call, calls } = client(() => json({ sha256: "x", size: 1 }, 201));
  const body = new Uint8Array([1]);
  await call("PUT /bundles/{sha256}", { params: { sha256: "x" }, body: body as never });
  expect(calls[0]?.init).toMatchObject({ body, headers: { "content-type": "application/octet-stream" } });
  expect(calls[0]?.init.headers).not.toHaveProperty("authorization");
});

test("[CO6] an answer without a body is undefined, one with a body is its JSON", async () => {
  const { call } = client(() => new Response(null, { status: 204 }));
  expect(await call("DELETE /flow_runs/{id}", { params: { id: ID } })).toBeUndefined();
  const { call: read } = client(() => json(5));
  expect(await read("POST /flows/count", { body: {} })).toBe(5);
});

test.each<[string, () => Response, object]>([
  [
    "[CO6] a sentence",
    () => json({ detail: "Flow not found" }, 404),
    { status: 404, detail: "Flow not found", retryAfter: null },
  ],
  [
    "[CO6] what is wrong with which field",
    () => json({ detail: [{ loc: ["body", "name"], msg: "Field required" }] }, 422),
    { status: 422, detail: "body.name: Field required" },
  ],
  [
    "[CO6] an exception's message",
    () => json({ exception_message: "Internal Server Error" }, 500),
    { status: 500, detail: "Internal Server Error" },
  ],
  [
    "[CO6] how long to wait",
    () => json({ detail: "busy" }, 503, { "retry-after": "5" }),
    { status: 503, retryAfter: 5 },
  ],
  [
    "[CO6] a proxy's page",
    () => new Response("<html>Bad gateway</html>", { status: 502 }),
    { status: 502, detail: "<html>Bad gateway</html>" },
  ],
  ["[CO6] nothing at all", () => new Response(null, { status: 500 }), { status: 500, detail: "no details" }],
])("a call that fails says %s", async (_case, answer, expected) => {
  const error = await client(answer)
    .call("GET /flow_runs/{id}", { params: { id: ID } })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ ...expected, method: "GET", path: `/flow_runs/${ID}` });
});
