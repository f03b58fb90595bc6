import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leanFetch } from "./lean-fetch.ts";

let server: Server;
let url: string;
const connections = new Set<unknown>();

beforeAll(async () => {
  server = createServer((request, response) => {
    connections.add(request.socket);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/hang") return;
      if (request.url === "/cut") {
        response.writeHead(200, { "content-length": "100" });
        response.write("part");
        setImmediate(() => request.socket.destroy());
        return;
      }
      response.writeHead(request.url === "/busy" ? 503 : 200, { "retry-after": "7", "x-method": `${request.method}` });
      response.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

test("[SD46] bodies go out and come back whole, text and bytes, over one connection", async () => {
  const text = "é€😀".repeat(50_000);
  const answer = await leanFetch(`${url}/x`, { method: "POST", body: text });
  expect(answer).toMatchObject({ ok: true, status: 200 });
  expect(answer.headers.get("X-Method")).toBe("POST");
  expect(await answer.text()).toBe(text);
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 256);
  const back = await leanFetch(`${url}/x`, { method: "PUT", body: bytes });
  expect(new Uint8Array(await back.arrayBuffer())).toEqual(bytes);
  expect(connections.size).toBe(1);
});

test("[SD46] a status is an answer; a connection that cannot be made, or is cut, is an error", async () => {
  const busy = await leanFetch(`${url}/busy`);
  expect([busy.ok, busy.status, busy.headers.get("retry-after"), busy.headers.get("none")]).toEqual([
    false,
    503,
    "7",
    null,
  ]);
  await expect(leanFetch("http://127.0.0.1:9/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(leanFetch(`${url}/cut`)).rejects.toThrow();
});

test("[SD46] an aborted call ends with the signal's reason", async () => {
  const controller = new AbortController();
  const call = leanFetch(`${url}/hang`, { signal: controller.signal });
  const reason = new Error("enough");
  setImmediate(() => controller.abort(reason));
  await expect(call).rejects.toBe(reason);
  await expect(leanFetch(`${url}/x`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("[SD46] a call loads neither the built-in fetch nor what comes with it", () => {
  const module = fileURLToPath(new URL("./lean-fetch.ts", import.meta.url));
  const program = `
    const { leanFetch } = await import(${JSON.stringify(module)});
    await leanFetch(${JSON.stringify("http://127.0.0.1:9/")}).catch(() => {});
    console.log(process.moduleLoadList.filter((name) => name.includes("undici")).length);
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(output.trim()).toBe("0");
});
