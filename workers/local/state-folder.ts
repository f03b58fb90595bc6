/**
 * The state folder: who may open it, and what lies where.
 *
 * SF1  One server has it open at a time.
 * SF2  A folder that a newer version wrote is left as it is.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Lock, lock } from "./folder-lock.ts";
import { readIfThere, writePrivately } from "./private-file.ts";
import { reasonOf, StartProblem } from "./problem.ts";

/**
 * Goes up by one when an older version could no longer read what this one writes and neither the databases' migrations
 * nor the objects' own schema versions tell it so.
 */
const FORMAT = 1;

export interface StateFolder {
  path: string;
  /** Databases, objects, blobs. */
  data: string;
  /** Process ids of what the server started. */
  processes: string;
  /** The agent's own folder. */
  agent: string;
  localFile: string;
  secretsFile: string;
  /** What was deployed here already. */
  deployedFile: string;
  release(): void;
}

/** Makes or opens the folder, and keeps others out until `release`. */
export function openStateFolder(path: string): StateFolder {
  const folder = {
    path,
    data: join(path, "data"),
    processes: join(path, "processes"),
    agent: join(path, "agent"),
    localFile: join(path, "local.json"),
    secretsFile: join(path, "secrets.json"),
    deployedFile: join(path, "deployed.json"),
  };
  const held = claim(path);
  try {
    refuseNewer(path);
    for (const inner of [folder.data, folder.processes, folder.agent])
      mkdirSync(inner, { recursive: true, mode: 0o700 });
    return { ...folder, release: () => held.release() };
  } catch (error) {
    held.release();
    throw error instanceof StartProblem ? error : notWritable(path, error);
  }
}

function claim(path: string): Lock {
  let held: ReturnType<typeof lock>;
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    held = lock(join(path, "lock"));
  } catch (error) {
    throw notWritable(path, error);
  }
  if ("release" in held) return held;
  const holder = held.holder === null ? "another process" : `process ${held.holder}`;
  throw new StartProblem(
    `${holder} runs a server on the state folder ${path}: stop it, or choose another folder with --state.`,
  );
}

/** Makes the folder and those above it. Node's own way tries for ever where a file system has no folders to be made: /proc/x. */
function makeFolder(path: string): void {
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(path, { mode: 0o700 });
}

function notWritable(path: string, error: unknown): StartProblem {
  return new StartProblem(
    `The state folder ${path} cannot be written (${reasonOf(error)}): make it writable, or choose another with --state.`,
    1,
    error,
  );
}

function refuseNewer(path: string): void {
  const file = join(path, "state.json");
  const text = readIfThere(file);
  if (text === null) {
    writePrivately(file, `${JSON.stringify({ format: FORMAT })}\n`);
    return;
  }
  const format = formatOf(text);
  if (format === null)
    throw new StartProblem(
      `${file} is damaged: it should say {"format":${FORMAT}}. Restore it, or choose another folder with --state.`,
    );
  if (format > FORMAT) throw newerState(path, `format ${format}, and this version knows ${FORMAT}`);
}

function formatOf(text: string): number | null {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return Number.isInteger(format) ? (format as number) : null;
  } catch {
    return null;
  }
}

/** What to say of a folder that a newer version wrote. */
export function newerState(path: string, evidence: string): StartProblem {
  return new StartProblem(
    `The state folder ${path} was written by a newer version of Millrace (${evidence}): start that version, or choose another folder with --state.`,
  );
}
