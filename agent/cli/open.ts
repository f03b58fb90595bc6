import { spawn } from "node:child_process";
import { runPage } from "../sdk/run-page.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findDeployment } from "./find-deployment.ts";
import { findRun } from "./find-run.ts";

/** Pages that are called by a word. */
const PAGES: Readonly<Record<string, string>> = {
  runs: "/runs",
  flows: "/flows",
  deployments: "/deployments",
  pools: "/work-pools",
  limits: "/concurrency-limits",
  variables: "/variables",
  blocks: "/blocks",
  artifacts: "/artifacts",
};

export const command: CommandSpec = {
  description: `Opens a page of the web app: ${Object.keys(PAGES).join(", ")}, a deployment, or a run. Prints its address.`,
  examples: [
    "millrace open",
    "millrace open shaggy-tiger",
    "millrace open hello/nightly",
    "millrace open pools --no-browser",
  ],
  positionals: ["[page|run|flow/deployment]"],
  options: { "no-browser": { type: "boolean", description: "print the address alone" } },
  async run(call) {
    const meant = call.args[0] ?? "runs";
    const { call: api, settings } = await apiOf(call);
    const { origin } = new URL(settings.url);
    const page = Object.hasOwn(PAGES, meant) ? `${origin}${PAGES[meant]}` : null;
    const url =
      page ??
      (/^[^/:]+\/[^/]+$/.test(meant)
        ? `${origin}/deployments/deployment/${(await findDeployment(api, meant)).id}`
        : runPage(settings.url, (await findRun(api, meant)).id));
    if (call.out.isJson) call.out.json({ url });
    else call.out.line(url);
    // Without a terminal nobody sits here to look at it.
    if (!call.flag("no-browser") && process.stdout.isTTY && !call.env.CI) openBrowser(url);
    return undefined;
  },
};

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** A machine without a browser is no problem: the address was printed. */
function openBrowser(url: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
