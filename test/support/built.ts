/**
 * Set-up of every suite that starts the service: what it serves is built before the first test. The build itself knows
 * what is up to date, and lets several that ask at once wait for the one that works.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../gates/tree.ts";
import { runCommand } from "./command.ts";

/** Seconds a build may take. */
const LIMIT = 200;

export default async function ensureBuilt(): Promise<void> {
  const log = join(ROOT, `test-output/build-${process.pid}.log`);
  const ended = await runCommand([process.execPath, "workers/local/build.ts"], {
    log,
    cwd: ROOT,
    timeoutSeconds: LIMIT,
  });
  const output = readFileSync(log, "utf8").trimEnd();
  rmSync(log);
  if (ended.code !== 0) throw new Error(`The build failed:\n${output.split("\n").slice(-20).join("\n")}`);
}
