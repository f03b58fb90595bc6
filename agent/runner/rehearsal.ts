/**
 * What the first run of a process pays for in Node itself, paid while nobody waits: the loader with its source maps, and the
 * first call over HTTP. Nothing of a user's is loaded, and nothing leaves the process: the call goes to itself.
 */
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { connect } from "../sdk/api/connect.ts";
import { propose } from "../sdk/propose-state.ts";

const require = createRequire(import.meta.url);

/** A module with a source map, as bundles have one. */
const MAPPED = `export {};\n//# sourceMappingURL=data:application/json;base64,${Buffer.from('{"version":3,"sources":["rehearsal"],"names":[],"mappings":"AAAA"}').toString("base64")}`;

/** Stops between steps once `enough` says so. */
export async function rehearse(enough: () => boolean): Promise<void> {
  await import(`data:text/javascript,${encodeURIComponent(MAPPED)}`);
  // Where calls go through a proxy of the environment, this one would too.
  const proxied = Object.keys(process.env).some((name) => /^https?_proxy$/i.test(name));
  if (!enough() && !proxied) await callItself();
}

async function callItself(): Promise<void> {
  const { createServer } = require("node:http") as typeof import("node:http");
  const server = createServer((request, answer) => {
    request.resume().on("end", () => answer.end('{"state":null,"status":"ACCEPT","details":{}}'));
  });
  try {
    await new Promise<void>((resolve, reject) => server.listen(0, "127.0.0.1", resolve).once("error", reject));
    const { port } = server.address() as AddressInfo;
    const api = connect(
      { url: `http://127.0.0.1:${port}`, credential: { kind: "bearer", token: "" } },
      { budgetMs: 1000 },
    );
    await propose(api, "rehearsal", { type: "RUNNING" }, undefined, "rehearsal");
  } catch {
    // A machine without a loopback has slower first calls.
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
