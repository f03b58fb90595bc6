/**
 * Who this agent is. The id is kept on disk, so that an agent which starts again is the same one in the list of the pool; of
 * several agents on one machine each takes an id that no living process holds.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

export interface AgentIdentity {
  id: string;
  name: string;
  /** Lets others have the id. */
  release(): void;
}

/** Agents of one pool that a machine can hold. */
const PLACES = 1000;

/** Takes the first free place in `folder`. `name` is what people see; the machine's own name where absent. */
export function takeIdentity(folder: string, name?: string): AgentIdentity {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let place = 0; place < PLACES; place++) {
    const lock = join(folder, `${place}.pid`);
    if (!lockPlace(lock)) continue;
    return {
      id: idOf(join(folder, `${place}.id`)),
      name: name ?? (place === 0 ? hostname() : `${hostname()}-${place + 1}`),
      release: () => rmSync(lock, { force: true }),
    };
  }
  throw new Error(`${folder} has no place for another agent.`);
}

function lockPlace(lock: string): boolean {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (isHeld(lock)) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

function isHeld(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function idOf(path: string): string {
  try {
    const id = readFileSync(path, "utf8").trim();
    if (/^[0-9a-f-]{36}$/.test(id)) return id;
  } catch {
    // The first agent of this place.
  }
  const id = randomUUID();
  writeFileSync(path, `${id}\n`, { mode: 0o600 });
  return id;
}
