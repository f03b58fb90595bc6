/** Pages with nothing on them, with far too much, and those that somebody may not see. */
import type { Client } from "@millrace/contract/client.ts";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { launch, local, overflow, workspace } from "./browser.ts";
import { clientOf, makeDeployment, makeFlow, makePool, makeRun, writeLog } from "./scene.ts";
import { makeBlockType } from "./scene-things.ts";
import { examine, type Look, Seats } from "./sights.ts";

let browser: Browser;
const keys = { nobody: "", empty: "", huge: "", forbidden: "", partly: "" };
let hugeRun = "";
let hugeFlow = "";
let hugeDeployment = "";
let hugeBlock = "";
const seats = new Seats(() => browser);

const LONG = "a-name-without-any-place-to-break-it-".repeat(6);

beforeAll(async () => {
  browser = await launch();
  const [empty, huge] = await Promise.all([workspace("extremes-empty"), workspace("extremes-huge")]);
  const forbidden = await makeKey(local(), empty.workspaceId, "extremes-forbidden", ["see_artifacts"]);
  const partly = await makeKey(local(), empty.workspaceId, "extremes-partly", ["see_flows", "see_events"]);
  Object.assign(keys, { empty: empty.key, huge: huge.key, forbidden: forbidden.key, partly: partly.key });
  const api = clientOf({ api_url: huge.apiUrl, api_key: huge.key });
  const flow = await makeFlow(api, LONG);
  hugeFlow = flow;
  await makePool(api, LONG, LONG);
  const makeOne = (n: number): Promise<string> =>
    makeDeployment(api, flow, `${n}-${LONG}`, {
      work_pool_name: LONG,
      tags: Array.from({ length: 20 }, (_, tag) => `${tag}-${LONG}`),
      description: `${LONG} ${"words that do break. ".repeat(40)}`,
      parameters: { text: "x".repeat(70_000) },
      parameter_openapi_schema: {
        properties: Object.fromEntries(
          Array.from({ length: 40 }, (_, field) => [`${field}-${LONG}`, { type: "string", description: LONG }]),
        ),
      },
    });
  [hugeDeployment = ""] = await Promise.all(Array.from({ length: 30 }, (_, n) => makeOne(n)));
  const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(1)</script>`;
  const tags = [HOSTILE, ...Array.from({ length: 29 }, (_, n) => `${n}-${LONG}`)];
  const message = `${LONG} ${"words that do break. ".repeat(40)}`;
  const makeHuge = (n: number): Promise<string> =>
    makeRun(api, {
      flow,
      name: n % 3 ? `${n}-${LONG}` : `${n} ${HOSTILE} ${LONG}`,
      tags,
      parameters: { text: "x".repeat(80_000) },
      states: n % 2 ? [] : [{ type: "RUNNING" }, { type: "FAILED", message }],
    });
  await Promise.all(Array.from({ length: 54 }, (_, n) => makeHuge(n)));
  hugeRun = await makeHuge(54);
  await makeHugeThings(api);
  await writeLog(api, hugeRun, [{ message: HOSTILE }, { message: `\u001b[31m${HOSTILE}\u001b[0m` }]);
});
async function makeHugeThings(api: Client): Promise<void> {
  const rows = Array.from({ length: 1000 }, (_, n) => ({
    [LONG]: n,
    text: LONG,
    more: "words that do break. ".repeat(9),
  }));
  await api("POST /artifacts/", { body: { key: LONG, type: "table", description: LONG, data: JSON.stringify(rows) } });
  await api("POST /artifacts/", {
    body: { key: `m${LONG}`, type: "markdown", data: `# ${LONG}\n\n${`${LONG} `.repeat(400)}` },
  });
  await api("POST /v2/concurrency_limits/", { body: { name: LONG, limit: 1_000_000, slot_decay_per_second: 0.001 } });
  await api("POST /concurrency_limits/", { body: { tag: LONG, concurrency_limit: 500 } });
  const take = () => api("POST /v2/concurrency_limits/increment", { body: { names: [`tag:${LONG}`], slots: 3 } });
  await Promise.all(Array.from({ length: 12 }, take));
  const variable = (n: number) =>
    api("POST /variables/", { body: { name: `${n}-${LONG}`, value: LONG.repeat(20), tags: [LONG, `${n}`] } });
  await Promise.all(Array.from({ length: 60 }, (_, n) => variable(n)));
  const { type, schema } = await makeBlockType(api, LONG);
  const document = { data: { host: LONG.repeat(50) }, block_type_id: type, block_schema_id: schema };
  hugeBlock = (await api("POST /block_documents/", { body: { ...document, name: LONG } })).id;
}
afterAll(async () => {
  await browser?.close();
});

type Case = Omit<Look, "path"> & { who: keyof typeof keys; path: string | (() => string) };
const live = true;
const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const CASES: Case[] = [
  { name: "sign-in", who: "nobody", path: "/sign-in", title: /^Sign in · Millrace$/ },
  { name: "nowhere", who: "nobody", path: "/nowhere", title: /^Not found/, status: 404 },
  { name: "runs-empty", who: "empty", path: "/runs", title: /^All runs/, live },
  { name: "flows-empty", who: "empty", path: "/flows", title: /^Flows/, live },
  { name: "deployments-empty", who: "empty", path: "/deployments", title: /^Deployments/, live },
  { name: "pools-empty", who: "empty", path: "/work-pools", title: /^Work pools/, live },
  { name: "artifacts-empty", who: "empty", path: "/artifacts", title: /^Artifacts/, live },
  { name: "limits-empty", who: "empty", path: "/concurrency-limits", title: /^Concurrency limits/, live },
  { name: "variables-empty", who: "empty", path: "/variables", title: /^Variables/, live },
  { name: "blocks-empty", who: "empty", path: "/blocks", title: /^Blocks/, live },
  { name: "run-unknown", who: "empty", path: `/runs/flow-run/${UNKNOWN}`, title: /^Not found/, status: 404 },
  { name: "flow-unknown", who: "empty", path: `/flows/flow/${UNKNOWN}`, title: /^Not found/, status: 404 },
  { name: "pool-unknown", who: "empty", path: "/work-pools/work-pool/nowhere", title: /^Not found/, status: 404 },
  { name: "runs-forbidden", who: "forbidden", path: "/runs", title: /^Not allowed/, status: 403 },
  { name: "flows-forbidden", who: "forbidden", path: "/flows", title: /^Not allowed/, status: 403 },
  { name: "deployments-forbidden", who: "partly", path: "/deployments", title: /^Not allowed/, status: 403 },
  { name: "pools-forbidden", who: "partly", path: "/work-pools", title: /^Not allowed/, status: 403 },
  { name: "runs-huge", who: "huge", path: "/runs", title: /^All runs/, live },
  { name: "run-huge", who: "huge", path: () => `/runs/flow-run/${hugeRun}?tab=parameters`, title: /a-name-wit/, live },
  { name: "run-huge-log", who: "huge", path: () => `/runs/flow-run/${hugeRun}?view=table`, title: /a-name-wit/, live },
  { name: "flows-huge", who: "huge", path: "/flows", title: /^Flows/, live },
  { name: "flow-huge", who: "huge", path: () => `/flows/flow/${hugeFlow}`, title: /^a-name-without/, live },
  { name: "deployments-huge", who: "huge", path: "/deployments", title: /^Deployments/, live },
  {
    name: "deployment-huge",
    who: "huge",
    path: () => `/deployments/deployment/${hugeDeployment}`,
    title: /^a-name-without/,
    live,
  },
  { name: "pools-huge", who: "huge", path: "/work-pools", title: /^Work pools/, live },
  { name: "pool-huge", who: "huge", path: `/work-pools/work-pool/${LONG}`, title: /^a-name-without/, live },
  { name: "artifact-huge", who: "huge", path: `/artifacts/key/${LONG}`, title: /^a-name-without/, live },
  { name: "artifact-huge-text", who: "huge", path: `/artifacts/key/m${LONG}`, title: /^ma-name-without/, live },
  { name: "limits-huge", who: "huge", path: "/concurrency-limits", title: /^Concurrency limits/, live },
  {
    name: "limit-huge",
    who: "huge",
    path: `/concurrency-limits/concurrency-limit/tag:${LONG}`,
    title: /^tag:a-name/,
    live,
  },
  { name: "variables-huge", who: "huge", path: "/variables", title: /^Variables/, live },
  { name: "block-huge", who: "huge", path: () => `/blocks/block/${hugeBlock}`, title: /^a-name-without/, live },
];
const addressOf = (path: Case["path"]): string => (typeof path === "string" ? path : path());

test.each(CASES)(
  "[WE1] $name, in both themes at 360, 768 and 1280 pixels: no violation of WCAG 2.2 AA, no overflow, no error, one heading",
  async ({ who, path, ...look }) => {
    await examine(await seats.of(keys[who]), { ...look, path: addressOf(path) });
  },
);

test.each([
  "/sign-in",
  "/runs",
  "/flows",
  "/deployments",
  "/work-pools",
  "/artifacts",
  "/concurrency-limits",
  "/variables",
  "run",
])("[WE1] %s reflows at 320 pixels", async (path) => {
  const { page } = await seats.of(path === "/sign-in" ? "" : keys.huge);
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(path === "run" ? `/runs/flow-run/${hugeRun}` : path);
  expect(await overflow(page)).toBe(0);
});
