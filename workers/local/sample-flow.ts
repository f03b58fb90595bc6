/** Deploys the sample flow, so that a new server has something to run: on the first start, and when the flow changed. */
import { execFile } from "node:child_process";
import { dirname, relative } from "node:path";
import type { Local } from "./local-file.ts";
import { AGENT_CLI, ROOT, SAMPLE_FLOW } from "./paths.ts";
import { readIfThere, writePrivately } from "./private-file.ts";
import { fingerprint, sourceFiles } from "./sources.ts";

/** Milliseconds for `millrace deploy`. */
const LIMIT = 60_000;

/** Resolves when the flow is deployed. A failure is said, and the server starts without it. */
export async function deploySample(local: Local, deployedFile: string, say: (line: string) => void): Promise<void> {
  const print = `${local.workspace_id} ${fingerprint(ROOT, sourceFiles(ROOT, [relative(ROOT, dirname(SAMPLE_FLOW)), relative(ROOT, AGENT_CLI)]))}`;
  if (readIfThere(deployedFile) === print) return;
  try {
    await run([AGENT_CLI, "deploy", SAMPLE_FLOW, "--pool", "default"], local);
    writePrivately(deployedFile, print);
  } catch (error) {
    say(`the sample flow was not deployed: ${error instanceof Error ? error.message : error}`);
  }
}

function run(argv: string[], { api_url, api_key }: Local): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      argv,
      { cwd: ROOT, timeout: LIMIT, env: { ...process.env, MILLRACE_API_URL: api_url, MILLRACE_API_KEY: api_key } },
      (error, stdout, stderr) =>
        error === null ? resolve() : reject(new Error(`${stdout}${stderr}`.trim() || error.message)),
    );
  });
}
