/**
 * One server per state folder. The lock is SQLite's own on a file of the folder, so the system lets go of it when the
 * process ends, however it ends; a lock of a dead process never has to be judged.
 */
import { DatabaseSync } from "node:sqlite";
import { readIfThere, writePrivately } from "./private-file.ts";

export interface Lock {
  release(): void;
}

/** Takes the lock at `path` or, when another process has it, returns that process's id (null when it did not say). */
export function lock(path: string, waitMilliseconds = 0): Lock | { holder: number | null } {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMilliseconds}; BEGIN EXCLUSIVE`);
  } catch (error) {
    database.close();
    if (!/locked|busy/.test(String(error))) throw error;
    return { holder: Number(readIfThere(`${path}.pid`)) || null };
  }
  writePrivately(`${path}.pid`, String(process.pid));
  return { release: () => database.close() };
}
