/**
 * Builds what `npm start` serves, once for all suites: several of them may ask at the same time, in processes of their
 * own. The first builds, the others wait; nothing is built again while no source has changed.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { files, ROOT } from "../gates/tree.ts";
import { runCommand } from "./command.ts";

const OUTPUT = join(ROOT, "test-output");
const LOCK = join(OUTPUT, "build.lock");
const STAMP = join(OUTPUT, "build.stamp");
/** Rooms whose files make the result. */
const SOURCES =
  /^(domain|contract|migrations|durable-objects|workers|web|agent)\/|^(package-lock\.json|wrangler\.toml)$/;
/** Seconds a build may take. */
const LIMIT = 200;

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const path of files((one) => SOURCES.test(one) && !one.endsWith(".test.ts"))) {
    const { mtimeMs, size } = statSync(join(ROOT, path));
    hash.update(`${path}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest("hex");
}

const built = (wanted: string) =>
  existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted && existsSync(join(ROOT, "dist"));

/** Takes the lock, or says false when a living process has it. */
function take(): boolean {
  try {
    mkdirSync(LOCK);
    writeFileSync(join(LOCK, "pid"), String(process.pid));
    return true;
  } catch {
    const pid = existsSync(join(LOCK, "pid")) ? Number(readFileSync(join(LOCK, "pid"), "utf8")) : 0;
    if (pid > 0 && !alive(pid)) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when dist/ is up to date with the sources. Throws with the build's last lines when it fails. */
export async function ensureBuilt(): Promise<void> {
  mkdirSync(OUTPUT, { recursive: true });
  const wanted = fingerprint();
  const deadline = Date.now() + LIMIT * 1000;
  while (!built(wanted)) {
    if (Date.now() > deadline)
      throw new Error(`No build within ${LIMIT} s; is ${LOCK} left from a process that hangs?`);
    if (!take()) {
      await wait(200);
      continue;
    }
    try {
      if (built(wanted)) return;
      const log = join(OUTPUT, "bundle.log");
      rmSync(log, { force: true });
      const ended = await runCommand(["npm", "run", "--silent", "build"], { log, cwd: ROOT, timeoutSeconds: LIMIT });
      if (ended.code !== 0) {
        const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-20).join("\n");
        throw new Error(`npm run build failed (${log}):\n${tail}`);
      }
      writeFileSync(STAMP, wanted);
    } finally {
      rmSync(LOCK, { recursive: true, force: true });
    }
  }
}

if (process.argv[1] === import.meta.filename) await ensureBuilt();
