/** Artifacts, limits, variables and blocks: what people find there and do there. */
import type { Client } from "@millrace/contract/client.ts";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { eventually, local, untilLive, workspace } from "./browser.ts";
import { clientOf, makeFlow, makeRun } from "./scene.ts";
import { paintThings, type Things } from "./scene-things.ts";
import { visits } from "./visits.ts";

const { begin, open: openAs, forgive } = visits();
let api: Client;
let run = "";
let things: Things;
const keys = { full: "", reader: "" };

beforeAll(async () => {
  const tenant = await workspace("things");
  api = clientOf({ api_url: tenant.apiUrl, api_key: tenant.key });
  const scopes = ["see_flows", "see_events", "see_variables", "see_concurrency_limits", "see_blocks"] as const;
  keys.full = tenant.key;
  keys.reader = (await makeKey(local(), tenant.workspaceId, "things-reader", [...scopes])).key;
  run = await makeRun(api, {
    flow: await makeFlow(api, "ingest"),
    name: "holding-hare",
    states: [{ type: "RUNNING" }],
  });
  things = await paintThings(api, run);
});

const open = (path: string, who: keyof typeof keys = "full"): Promise<Page> => openAs(keys[who], path);

test("[WE72] artifacts are listed by key, and a key leads to its newest and back to the ones before", async () => {
  const page = await open("/artifacts");
  const list = page.getByRole("list", { name: "Artifacts" });
  await eventually(() => list.getByRole("link", { name: things.notes }).count()).toBe(1);
  await list.getByRole("link", { name: things.notes }).click();
  await page.getByRole("heading", { name: "Done", level: 2 }).waitFor();
  await eventually(() => page.getByRole("link", { name: "dashboard" }).getAttribute("href")).toBe(
    "https://a.example/dashboard",
  );
  expect(await page.getByRole("table").getByRole("cell").allTextContents()).toEqual([
    "France",
    "4,210",
    "Spain",
    "2,980",
  ]);
  const history = page.getByRole("list", { name: "Of this key" });
  await eventually(() => history.getByRole("link").count()).toBe(2);
  await history.getByRole("link").last().click();
  await page.getByRole("heading", { name: "Begun", level: 2 }).waitFor();
});

test("[WE96] [WE97] artifacts are shown of one type alone, and the bar of a progress moves by itself", async () => {
  const [bar] = await api("POST /artifacts/latest/filter", { body: { artifacts: { type: { any_: ["progress"] } } } });
  const page = await open("/artifacts");
  await untilLive(page);
  await page.getByLabel("Type").selectOption("progress");
  await eventually(() => new URL(page.url()).searchParams.get("type")).toBe("progress");
  const rows = page.getByRole("list", { name: "Artifacts" }).locator("[data-row]");
  await eventually(() => rows.allTextContents()).toEqual([bar?.key]);
  await rows.first().click();
  await untilLive(page);
  const shown = page.getByRole("progressbar");
  for (const data of [93, 62.5]) {
    await api("PATCH /artifacts/{id}", { params: { id: bar?.latest_id as string }, body: { data } });
    await eventually(() => shown.getAttribute("aria-valuenow")).toBe(String(data));
  }
});

test("[WE28] pictures, progress and tables are shown as what they are, a picture of another host without telling it the page", async () => {
  const page = await open(`/artifacts/key/${things.picture}`);
  const seen = page.getByRole("img", { name: "The rows of a week" });
  await eventually(() => seen.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(
    320,
  );
  await page.goto(`/artifacts/key/${things.progress}`);
  await eventually(() => page.getByRole("progressbar", { name: "upload" }).getAttribute("aria-valuenow")).toBe("62.5");
  await page.goto(`/artifacts/key/${things.table}`);
  await page.getByRole("cell", { name: "4210" }).waitFor();
  await api("POST /artifacts/", { body: { key: "far", type: "image", data: "https://a.example/far.png" } });
  const referrers: (string | undefined)[] = [];
  await page.route("https://a.example/far.png", (route) => {
    referrers.push(route.request().headers().referer);
    return route.abort();
  });
  await page.goto("/artifacts/key/far");
  await page.getByRole("link", { name: "far (could not be loaded)" }).waitFor();
  expect(referrers).toEqual([undefined]);
  forgive();
});

test("[WE73] a limit says who holds its slots, since and until when; one is released, and then all", async () => {
  const page = await open("/concurrency-limits");
  await page.getByRole("link", { name: "database" }).click();
  const holders = page.getByRole("list", { name: "Holders" });
  const held = holders.getByRole("listitem").filter({ hasText: "holding-hare" });
  await held.getByText("2 slots").waitFor();
  await held.getByText(/^lease until/).waitFor();
  await held.getByText(/^since/).waitFor();
  await held.getByRole("button", { name: "Release" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Release", exact: true }).click();
  await held.waitFor({ state: "detached" });
  await page.getByText("1 of 3").waitFor();
  await page.getByRole("button", { name: "Release all" }).click();
  await dialog.getByRole("button", { name: "Release all" }).click();
  await page.getByRole("main").getByText("All slots are free").waitFor();
  const params = { id_or_name: "database" };
  expect((await api("GET /v2/concurrency_limits/{id_or_name}", { params })).active_slots).toBe(0);
});

test("[WE73] the slots of a tag are freed together, and the page of its limit has the address that Prefect's client prints", async () => {
  const { id } = await api("GET /concurrency_limits/tag/{tag}", { params: { tag: things.tag } });
  const page = await open(`/concurrency-limits/concurrency-limit/${id}`);
  await page.getByText(`back task runs with the tag ${things.tag}`).waitFor();
  await page.getByRole("button", { name: "Release all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Release all" }).click();
  await page.getByRole("main").getByText("All slots are free").waitFor();
});

test("[WE74] a limit is made, changed, made idle and deleted; a field that is refused says so", async () => {
  const page = await open("/concurrency-limits");
  await page.getByRole("button", { name: "New limit" }).click();
  const dialog = page.getByRole("dialog");
  const slots = dialog.getByLabel(/^Slots( needed)?$/);
  await dialog.getByLabel("Name").fill("printer");
  await slots.fill("-1");
  await dialog.getByRole("button", { name: "Make the limit" }).click();
  await slots.and(page.locator("[aria-invalid=true]")).waitFor();
  await slots.fill("2");
  await dialog.getByRole("button", { name: "Make the limit" }).click();
  await page.getByRole("heading", { name: "printer" }).waitFor();
  await page.getByRole("button", { name: "Edit the limit" }).click();
  await slots.fill("4");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await dialog.getByRole("button", { name: "Save" }).click();
  expect((await sent).postDataJSON()).toEqual({ limit: 4 });
  await page.getByText("0 of 4").waitFor();
  await page.getByRole("button", { name: "Deactivate the limit" }).click();
  await page.getByRole("button", { name: "Activate the limit" }).waitFor();
  await page.getByRole("button", { name: "Delete the limit" }).click();
  await dialog.getByRole("button", { name: "Delete the limit" }).click();
  await page.waitForURL(/concurrency-limits$/);
  await page.getByRole("link", { name: "printer" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Limit a tag" }).click();
  await dialog.getByLabel("Tag").fill("slow");
  await slots.fill("2");
  await dialog.getByRole("button", { name: "Set the limit" }).click();
  await page.getByText("back task runs with the tag slow").waitFor();
  forgive();
});

test("[WE74] a variable is made, found, changed and deleted; a field that is refused says so", async () => {
  const page = await open("/variables");
  await page.getByRole("button", { name: "New variable" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Not Allowed");
  await dialog.getByLabel("Value").fill("no json");
  await dialog.getByRole("button", { name: "Make the variable" }).click();
  await dialog.getByText("This is no JSON").waitFor();
  await dialog.getByLabel("Value").fill('{"rows": [1, 2]}');
  await dialog.getByRole("button", { name: "Make the variable" }).click();
  await dialog.getByText("Variable name must only contain lowercase letters").waitFor();
  await dialog.getByLabel("Name").fill("limits");
  await dialog.getByRole("button", { name: "Make the variable" }).click();
  await dialog.waitFor({ state: "detached" });
  const params = { name: "limits" };
  expect((await api("GET /variables/name/{name}", { params })).value).toEqual({ rows: [1, 2] });
  await page.goto("/variables?q=limi");
  await untilLive(page);
  const list = page.getByRole("list", { name: "Variables" });
  await eventually(() => list.getByRole("listitem").count()).toBe(1);
  await list.getByRole("button", { name: "Edit limits" }).click();
  await dialog.getByLabel("Value").fill("null");
  await dialog.getByLabel("Tags").fill("a\nb");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await dialog.getByRole("button", { name: "Save" }).click();
  expect((await sent).postDataJSON()).toEqual({ value: null, tags: ["a", "b"] });
  await list.getByText("a, b").waitFor();
  await list.getByRole("button", { name: "Delete limits" }).click();
  await dialog.getByRole("button", { name: "Delete the variable" }).click();
  await page.getByText("No variable has this in its name").waitFor();
  forgive();
});

test("[WE75] a block is made by its type's form; its secret never reaches the page, and stays when nobody touches it", async () => {
  const page = await open("/blocks");
  await page.getByRole("button", { name: "New block" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Warehouse/ }).click();
  await dialog.getByLabel("Block name").fill("us");
  await dialog.getByRole("button", { name: "Make the block" }).click();
  await eventually(() => dialog.locator("[aria-invalid=true]").count()).toBe(2);
  await dialog.getByLabel("Host").fill("db.us");
  await dialog.getByLabel("Password").fill("first-secret");
  await dialog.getByRole("button", { name: "Make the block" }).click();
  await page.getByRole("heading", { name: "us", exact: true }).waitFor();
  await page.getByText('Block.load("warehouse/us")').waitFor();
  const id = page.url().split("/").at(-1) as string;
  const secret = async () =>
    (await api("GET /block_documents/{id}", { params: { id }, query: { include_secrets: "true" } })).data;
  expect(await secret()).toMatchObject({ host: "db.us", password: "first-secret" });
  expect(await page.content()).not.toContain("first-secret");

  await page.getByRole("button", { name: "Edit the block" }).click();
  await dialog.getByLabel("Host").fill("db2.us");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await dialog.getByRole("button", { name: "Save" }).click();
  expect((await sent).postDataJSON()).toEqual({ data: { host: "db2.us" }, merge_existing_data: true });
  await page.getByText('"db2.us"').waitFor();
  expect(await secret()).toMatchObject({ host: "db2.us", password: "first-secret" });
  await page.getByRole("button", { name: "Edit the block" }).click();
  await dialog.getByLabel("Password").fill("second-secret");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await secret()).toMatchObject({ host: "db2.us", password: "second-secret" });
  await page.getByRole("button", { name: "Delete the block" }).click();
  await dialog.getByRole("button", { name: "Delete the block" }).click();
  await page.waitForURL(/blocks$/);
  await page.getByRole("link", { name: "us", exact: true }).waitFor({ state: "detached" });
});

test("[WE75] no answer that a block's page gets has a secret, whoever looks", async () => {
  const watched = await begin(keys.full);
  const bodies: Promise<string>[] = [];
  watched.page.on("response", (response) => void bodies.push(response.text().catch(() => "")));
  await watched.page.goto(`/blocks/block/${things.block}`);
  await untilLive(watched.page);
  expect((await Promise.all(bodies)).filter((body) => body.includes("hush-hush"))).toEqual([]);
  await watched.page.getByText('"********"').waitFor();
});

test("[WE74] who may not change things is told which scope is missing", async () => {
  const page = await open("/variables", "reader");
  await eventually(() => page.getByRole("button", { name: "New variable" }).getAttribute("title")).toContain(
    "write_variables",
  );
  await page.goto("/concurrency-limits");
  expect(await page.getByRole("button", { name: "New limit" }).getAttribute("title")).toContain(
    "manage_concurrency_limits",
  );
  await page.goto("/blocks");
  await eventually(() => page.getByRole("button", { name: "New block" }).getAttribute("title")).toContain(
    "manage_blocks",
  );
});

test("[WE74] what others change appears by itself", async () => {
  const page = await open("/variables?q=from-elsewhere");
  await page.getByText("No variable has this in its name").waitFor();
  await api("POST /variables/", { body: { name: "from-elsewhere", value: 1 } });
  await page.getByRole("button", { name: "Edit from-elsewhere" }).waitFor();
});

test("[WE76] where there is nothing, the page says how it comes about, ready to be copied; a secret is a form away", async () => {
  const empty = await workspace("things-empty");
  const watched = await begin(empty.key);
  const { page } = watched;
  await watched.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  for (const [path, sample] of [
    ["/artifacts", "create_table_artifact("],
    ["/concurrency-limits", 'concurrency("database"'],
    ["/variables", 'Variable.set("batch_size"'],
    ["/blocks", 'Secret(value="…")'],
  ] as const) {
    await page.goto(path);
    await untilLive(page);
    await page.getByText(sample).waitFor();
    await page.getByRole("button", { name: /^Copy: In a Prefect/ }).click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toContain(sample);
  }
  await page.getByRole("button", { name: "New block" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Secret/ }).click();
  await dialog.getByLabel("Block name").fill("warehouse-password");
  await dialog.getByLabel(/^Value/).fill("hush");
  await dialog.getByRole("button", { name: "Make the block" }).click();
  await page.getByText('Block.load("secret/warehouse-password")').waitFor();
  const params = { slug: "secret", block_document_name: "warehouse-password" };
  const made = await clientOf({ api_url: empty.apiUrl, api_key: empty.key })(
    "GET /block_types/slug/{slug}/block_documents/name/{block_document_name}",
    { params, query: { include_secrets: "true" } },
  );
  expect(made.data).toEqual({ value: "hush" });
});
