/** The three things that are built: the Worker, the web app, the agent. */
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle } from "./bundle.ts";
import { AGENT_CLI, ROOT, WEB_ASSETS, WEB_BUNDLE, WORKER_BUNDLE } from "./paths.ts";
import { runScript } from "./run-script.ts";

export interface Part {
  name: string;
  /** Files and folders whose contents decide whether it is built anew. */
  sources: string[];
  /** Of those, what does not. */
  skip: string[];
  /** What must be there afterwards. */
  output: string;
  build(): Promise<void>;
}

/** What SvelteKit's adapter leaves beside the pages' files. */
const NOT_ASSETS = new Set(["_worker.js", "_routes.json", "_headers", "_redirects", ".assetsignore"]);

export const PARTS: readonly Part[] = [
  {
    name: "worker",
    sources: ["domain", "contract", "durable-objects", "migrations", "workers", "package-lock.json"],
    skip: ["workers/local"],
    output: WORKER_BUNDLE,
    build: () => bundle(join(ROOT, "workers/main.ts"), WORKER_BUNDLE),
  },
  {
    name: "web",
    // Of the contract a browser gets client.ts alone.
    sources: ["domain", "contract/client.ts", "web", "package-lock.json"],
    skip: [],
    output: WEB_BUNDLE,
    build: buildWeb,
  },
  {
    name: "agent",
    sources: ["domain", "contract", "agent", "package-lock.json"],
    skip: [],
    output: AGENT_CLI,
    build: () => runScript("build", "agent"),
  },
];

async function buildWeb(): Promise<void> {
  await runScript("build", "web");
  const built = join(ROOT, "web/.svelte-kit/cloudflare");
  rmSync(WEB_ASSETS, { recursive: true, force: true });
  cpSync(built, WEB_ASSETS, {
    recursive: true,
    filter: (path) => dirname(path) !== built || !NOT_ASSETS.has(path.slice(built.length + 1)),
  });
  await bundle(join(built, "_worker.js"), WEB_BUNDLE);
}
