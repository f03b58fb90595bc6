/**
 * The floors: what the disk and the platform cost with none of our code, on the same disk in the same minutes.
 *
 * Each floor that is a request is measured through workerd's own socket, as the service is served, and through
 * miniflare's entry, the reference way. Ratios are taken against the first, which is the harder one.
 */
import { spawn } from "node:child_process";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { processTree } from "../test/support/processes.ts";
import { Connection } from "./connection.ts";
import { closedLoop, type Sample } from "./measure.ts";

export const FLOORS = ["empty", "new-object", "old-object", "d1"] as const;
export type Floor = (typeof FLOORS)[number];
/** How a floor is reached. */
export type Way = "direct" | "entry";

export interface FloorServer {
  measure(floor: Floor, way: Way, clients: number, count: number, seconds: number): Promise<Sample>;
  stop(): Promise<void>;
}

/** Writes and syncs 4 KB again and again, as a database's log does. */
export async function fsyncFloor(folder: string, count: number): Promise<Sample> {
  const path = join(folder, "fsync");
  const block = Buffer.alloc(4096, 1);
  const file = openSync(path, "w");
  let at = 0;
  try {
    return await closedLoop({
      clients: 1,
      count,
      seconds: 20,
      pids: [process.pid],
      async step() {
        writeSync(file, block, 0, block.length, at);
        fsyncSync(file);
        at += block.length;
      },
    });
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** Starts the floor Worker with its state in `folder`. */
export async function startFloors(folder: string): Promise<FloorServer> {
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, "floor-host.ts"), folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ports = await new Promise<Record<Way, number>>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The floor host ended with ${code}.`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  });
  child.removeAllListeners("exit");
  const pid = child.pid as number;
  const table = await Connection.open("127.0.0.1", ports.direct);
  await table.request("GET", "/d1-table");
  table.close();
  return {
    async measure(floor, way, clients, count, seconds) {
      const open = await Promise.all(Array.from({ length: clients }, () => Connection.open("127.0.0.1", ports[way])));
      try {
        return await closedLoop({
          clients,
          count,
          seconds,
          pids: processTree(pid),
          async step(client) {
            const { status, text } = await (open[client] as Connection).request("GET", `/${floor}`);
            if (status !== 200) throw new Error(`The floor ${floor} answered ${status}: ${text.slice(0, 200)}`);
          },
        });
      } finally {
        for (const connection of open) connection.close();
      }
    },
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.stdin.end();
      }),
  };
}
