/** Bodies that no honest client sends, at the routes that store most. Each is refused with the field's name, or harmless. */
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, inventory, type Parties, push, startParties } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterEach(async () => {
  expect((await fetch(`${parties.a.shortUrl}/health`)).status).toBe(200);
});
afterAll(() => parties.server.stop());

interface Detail {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** Posts as A, and says what came back; nothing of A may have changed when it was refused. */
async function post(
  path: string,
  body: string,
  method = "POST",
): Promise<{ status: number; body: string; detail: Detail[] }> {
  const { a } = parties;
  const before = await inventory(a);
  const answer = await ask(method, a.apiUrl + path, { token: a.key, body });
  if (answer.status >= 400) expect(await inventory(a)).toEqual(before);
  const parsed = answer.status === 422 ? (JSON.parse(answer.body) as { detail: Detail[] }) : { detail: [] };
  return { ...answer, detail: parsed.detail };
}

const run = (fields: string) => `{"flow_id":"${parties.a.things.flow}"${fields === "" ? "" : ","}${fields}}`;
const setState = (state: string) => post(`/flow_runs/${parties.a.things.run}/set_state`, `{"state":${state}}`);

describe("fields", () => {
  const cases: [string, () => Promise<{ status: number; detail: Detail[] }>, (string | number)[]][] = [
    ["an unknown field of a flow", () => post("/flows/", '{"name":"x","nope":1}'), ["body", "nope"]],
    ["an unknown field of a flow run", () => post("/flow_runs/", run('"nope":1')), ["body", "nope"]],
    ["an unknown field of a state", () => setState('{"type":"RUNNING","nope":1}'), ["body", "state", "nope"]],
    [
      "a state's own timestamp, in the future",
      () => setState('{"type":"RUNNING","timestamp":"2999-01-01T00:00:00Z"}'),
      ["body", "state", "timestamp"],
    ],
    [
      "an unknown field of a filter",
      () => post("/flow_runs/filter", '{"flow_runs":{"nope":1}}'),
      ["body", "flow_runs", "nope"],
    ],
    ["a missing name", () => post("/flows/", "{}"), ["body", "name"]],
    ["a number for a name", () => post("/flows/", '{"name":7}'), ["body", "name"]],
    ["a list for parameters", () => post("/flow_runs/", run('"parameters":[]')), ["body", "parameters"]],
    ["text for tags", () => post("/flow_runs/", run('"tags":"a"')), ["body", "tags"]],
    ["an id that is no UUID", () => post("/flow_runs/", '{"flow_id":"nope"}'), ["body", "flow_id"]],
    ["a number for an id", () => post("/flow_runs/", '{"flow_id":7}'), ["body", "flow_id"]],
    [
      "an id that is no UUID in a list",
      () => post("/flow_runs/filter", '{"flow_runs":{"id":{"any_":["zz"]}}}'),
      ["body", "flow_runs", "id", "any_", 0],
    ],
    ["a state type there is not", () => setState('{"type":"NOPE"}'), ["body", "state", "type"]],
    [
      "a state name of 10 KB",
      () => setState(`{"type":"RUNNING","name":"${"x".repeat(10_240)}"}`),
      ["body", "state", "name"],
    ],
    ["a sort there is not", () => post("/flow_runs/filter", '{"sort":"NOPE"}'), ["body", "sort"]],
    ["a limit of 201", () => post("/flow_runs/filter", '{"limit":201}'), ["body", "limit"]],
    ["a limit of 10^9", () => post("/flow_runs/filter", '{"limit":1000000000}'), ["body", "limit"]],
    ["a negative offset", () => post("/flow_runs/filter", '{"offset":-1}'), ["body", "offset"]],
    [
      "a time that is none",
      () => post("/logs/", '[{"name":"a","level":20,"message":"m","timestamp":"yesterday"}]'),
      ["body", 0, "timestamp"],
    ],
    [
      "a level that is text",
      () => post("/logs/", '[{"name":"a","level":"high","message":"m","timestamp":"2026-01-01T00:00:00Z"}]'),
      ["body", 0, "level"],
    ],
    ["an artifact key with capitals", () => post("/artifacts/", '{"key":"UPPER"}'), ["body", "key"]],
    ["a NUL in a name", () => post("/flows/", '{"name":"a\\u0000b"}'), ["body", "name"]],
    ["a lone surrogate in a name", () => post("/flows/", '{"name":"a\\ud800"}'), ["body", "name"]],
    ["a NUL in a tag", () => post("/flow_runs/", run('"tags":["a","b\\u0000"]')), ["body", "tags", 1]],
    [
      "a lone surrogate in a parameter",
      () => post("/flow_runs/", run('"parameters":{"p":{"q":"\\udfff"}}')),
      ["body", "parameters", "p", "q"],
    ],
    [
      "a NUL in a parameter's name",
      () => post("/flow_runs/", run('"parameters":{"p\\u0000":1}')),
      ["body", "parameters"],
    ],
    [
      "a lone surrogate in a state's message",
      () => setState('{"type":"RUNNING","message":"\\ud800"}'),
      ["body", "state", "message"],
    ],
    ["a NUL in an artifact's data", () => post("/artifacts/", '{"key":"a","data":"\\u0000"}'), ["body", "data"]],
  ];
  test.each(cases)("[TE10] %s is refused with the field's name", async (_what, send, loc) => {
    const { status, detail } = await send();
    expect(status).toBe(422);
    expect(detail[0]?.loc.slice(0, loc.length)).toEqual(loc);
    expect(detail[0]?.msg).not.toBe("");
    expect(detail[0]?.type).not.toBe("");
  });

  test.each(["nope", "00000000-0000-0000-0000-00000000000g", "..%2f..%2fflows", "%00", "'; DROP TABLE flows; --"])(
    "[TE10] the id %s in a path is not found, or refused by its name",
    async (id) => {
      const { a } = parties;
      const answer = await ask("GET", `${a.apiUrl}/flow_runs/${id.includes("%") ? id : encodeURIComponent(id)}`, {
        token: a.key,
      });
      expect([400, 404, 422]).toContain(answer.status);
      if (answer.status === 422) expect(answer.body).toContain('"path"');
    },
  );
});

describe("[S51] hostile JSON", () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

  test.each([
    ["lists 200 deep", () => run(`"parameters":{"p":${nested(200, "[", "]")}}`)],
    ["objects 200 deep", () => run(`"parameters":${'{"p":'.repeat(200)}1${"}".repeat(200)}`)],
    ["lists 1,000,000 deep", () => run(`"parameters":{"p":${nested(1_000_000, "[", "]")}}`)],
    ["lists 100,000 deep that never end", () => "[".repeat(100_000)],
    ["not a number", () => run('"parameters":{"p":NaN}')],
    ["two values", () => `${run("")}${run("")}`],
    ["a byte order mark and nothing", () => "\ufeff"],
  ])("[S51] [TE10] %s answers 413 or 422 and changes nothing", async (_what, body) => {
    const { status } = await post("/flow_runs/", body());
    expect([413, 422]).toContain(status);
  });

  test.each([
    "9007199254740993",
    "-9007199254740995",
    "1e400",
    "123456789012345678901234567890",
    "0.1",
    "-0",
    "1e2",
    "9007199254740991",
  ])("[S51] [TE11] the number %s comes back as it was, or is refused", async (number) => {
    const { a } = parties;
    const { status, body } = await post("/flow_runs/", run(`"parameters":{"p":${number}}`));
    if (status === 422) return;
    expect(status).toBe(201);
    const shown = await ask("GET", `${a.apiUrl}/flow_runs/${(JSON.parse(body) as { id: string }).id}`, {
      token: a.key,
    });
    const [sent, got] = [number, /"parameters":\{"p":([^}]*)\}/.exec(shown.body)?.[1] ?? "nothing"];
    if (/^-?\d+$/.test(sent)) expect(BigInt(got)).toBe(BigInt(sent));
    else expect(Number(got)).toBe(Number(sent));
  });

  test("[S51] [TE11] keys of objects are data, whatever they are called", async () => {
    const { a } = parties;
    const parameters = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x"}';
    const { status, body } = await post("/flow_runs/", run(`"parameters":${parameters}`));
    if (status !== 422) {
      expect(status).toBe(201);
      const shown = await ask("GET", `${a.apiUrl}/flow_runs/${(JSON.parse(body) as { id: string }).id}`, {
        token: a.key,
      });
      expect(shown.body).toContain('"__proto__":{"polluted":true}');
    }
    const other = await a.client("GET /flow_runs/{id}", { params: { id: a.things.run } });
    expect(other).not.toHaveProperty("polluted");
  });

  test("[S51] [TE11] of a key that is there twice the last one counts, as for Prefect", async () => {
    const { status, body } = await post("/flow_runs/", run('"parameters":{"p":1,"p":2}'));
    expect(status).toBe(201);
    expect((JSON.parse(body) as { parameters: unknown }).parameters).toEqual({ p: 2 });
  });
});

describe("[S51] sizes", () => {
  const big = (bytes: number) => new Uint8Array(bytes).fill(0x20) as Uint8Array<ArrayBuffer>;
  const megabytes = (count: number) => Array.from({ length: count }, () => big(1 << 20));

  test.each([6, 101])("[S51] [TE6] a body of %i MB answers 413", async (count) => {
    const { a } = parties;
    const options = { token: a.key, body: megabytes(count), length: count << 20 };
    expect(await push("POST", `${a.apiUrl}/logs/`, options)).toEqual({ status: 413 });
  });

  test("[S51] [TE6] an object of 1,000,000 keys answers 413", async () => {
    const { a } = parties;
    const body = Buffer.from(`{${Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":1`).join(",")}}`);
    expect(await push("POST", `${a.apiUrl}/flow_runs/`, { token: a.key, body: [body], length: body.length })).toEqual({
      status: 413,
    });
  });

  test("[S51] [TE6] an object of as many keys as fit is taken or refused, and harms nobody", async () => {
    const keys = Array.from({ length: 400_000 }, (_, index) => `"${index.toString(36)}":1`).join(",");
    expect([201, 413, 422]).toContain((await post("/flow_runs/", run(`"parameters":{${keys}}`))).status);
  });

  test("[S51] [TE6] a body without a length, larger than allowed, answers 413", async () => {
    const { a } = parties;
    expect(await push("POST", `${a.apiUrl}/logs/`, { token: a.key, body: megabytes(12) })).toEqual({ status: 413 });
  });

  test("[S51] [TE6] a small body that unpacks to 200 MB is not unpacked", async () => {
    const { a } = parties;
    const packed = gzipSync(big(200 << 20));
    const { status } = await ask("POST", `${a.apiUrl}/logs/`, {
      token: a.key,
      body: new Uint8Array(packed),
      headers: { "content-encoding": "gzip" },
    });
    expect([400, 413, 415, 422]).toContain(status);
  });
});

describe("log lines", () => {
  const line = (message: string, flow_run_id: string) => ({
    name: "test",
    level: 20,
    message,
    timestamp: new Date().toISOString(),
    flow_run_id,
  });

  test("[TE12] a line with a NUL or a lone surrogate is kept without it", async () => {
    const { a } = parties;
    const body = JSON.stringify([line("nul\u0000here", a.things.run), line("half \ud83d", a.things.run)]);
    expect((await post("/logs/", body)).status).toBe(201);
    const lines = await a.client("POST /logs/filter", { body: { logs: { flow_run_id: { any_: [a.things.run] } } } });
    expect(lines.map(({ message }) => message)).toEqual(expect.arrayContaining(["nulhere", "half \ufffd"]));
  });

  test("[TE12] lines for a run that is gone are dropped", async () => {
    const { a } = parties;
    const made = await a.client("POST /flow_runs/", { body: { flow_id: a.things.flow } });
    await a.client("DELETE /flow_runs/{id}", { params: { id: made.id } });
    const before = await inventory(a);
    expect([201, 404]).toContain((await post("/logs/", JSON.stringify([line("late", made.id)]))).status);
    expect((await post("/logs/", JSON.stringify([line("never", randomUUID())]))).status).toBeLessThan(500);
    expect(await a.client("POST /logs/filter", { body: { logs: { flow_run_id: { any_: [made.id] } } } })).toEqual([]);
    expect(await inventory(a)).toEqual(before);
    expect((await ask("GET", `${a.apiUrl}/flow_runs/${made.id}`, { token: a.key })).status).toBe(404);
  });
});
