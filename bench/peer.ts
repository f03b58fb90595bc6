/** Another server of the wire, at an address. */
import { processTree } from "../test/support/processes.ts";
import { listeners } from "./processes.ts";
import type { Target } from "./target.ts";

/** How to ask it. Its processes are counted when it listens on this machine. */
export function peerAt(url: URL, auth: string | null): Target {
  const port = Number(url.port || 80);
  const own = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) ? listeners(port) : [];
  const basic = auth?.includes(":") ?? false;
  return {
    name: "peer",
    host: url.hostname,
    port,
    base: url.pathname.replace(/\/$/, ""),
    authorization: auth === null ? null : basic ? `Basic ${Buffer.from(auth).toString("base64")}` : `Bearer ${auth}`,
    token: auth,
    mayBeBusy: true,
    pids: () => [...new Set(own.flatMap((pid) => processTree(pid)))],
  };
}
