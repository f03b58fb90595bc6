/** A process that runs floor-worker.mjs as workers/local runs the service, until its input closes. Argument: a folder. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readWrangler } from "../workers/local/wrangler-config.ts";

const folder = process.argv[2] as string;
const processes = join(folder, "processes");
mkdirSync(processes, { recursive: true });
process.env.MINIFLARE_WORKERD_PATH = join(import.meta.dirname, "../workers/local/workerd.sh");
const { convertV4MiniflareOptions, Miniflare } = await import("miniflare");
const require = createRequire(createRequire(import.meta.filename).resolve("miniflare"));
const { compatibilityDate, compatibilityFlags } = readWrangler(
  readFileSync(join(import.meta.dirname, "../wrangler.toml"), "utf8"),
);
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: [
      {
        type: "ESModule",
        path: "floor.mjs",
        contents: readFileSync(join(import.meta.dirname, "floor-worker.mjs"), "utf8"),
      },
    ],
    compatibilityDate,
    compatibilityFlags,
    durableObjects: { BOX: { className: "Box", useSQLite: true } },
    d1Databases: { DB: "floor" },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    resourcePersistencePath: join(folder, "data"),
    unsafeRuntimeEnv: {
      MILLRACE_PROCESSES: processes,
      MILLRACE_WORKERD: (require("workerd") as { default: string }).default,
    },
  }),
);
const entry = await miniflare.ready;
const direct = await miniflare.unsafeGetDirectURL();
console.log(JSON.stringify({ entry: Number(entry.port), direct: Number(direct.port) }));
process.stdin.on("end", () => void miniflare.dispose().then(() => process.exit(0))).resume();
