/**
 * `npm run bench`: what the service does a second and what it costs, next to the floors of the same disk and platform.
 *
 * Everything is bounded in count and time. Rates move with the load of the machine; CPU milliseconds do not.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureAgent } from "./agent-rows.ts";
import { readBenchOptions, USAGE } from "./options.ts";
import { peerAt } from "./peer.ts";
import { measurePlace } from "./place.ts";
import { planOf } from "./plan.ts";
import { json, machine, number, table } from "./report.ts";
import { factRow, type Row, rowOf } from "./row.ts";
import { type Attempt, wireRows } from "./wire-rows.ts";
import { lifeCycles, reads } from "./workloads/runs.ts";

const MEMORY = "/dev/shm";
/** Where the state of another server lies is its own matter. */
const ITS_OWN = "own";

async function main(): Promise<void> {
  const options = readBenchOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const wanted = (name: string) => options.only.length === 0 || options.only.includes(name);
  const rows: Row[] = [];
  const say = (row: Row) => {
    rows.push(row);
    const rate = row.perSecond === null ? "" : `${number(row.perSecond)}/s, ${number(row.cpu)} CPU ms`;
    console.error(
      `${row.where.padEnd(6)} ${row.who.padEnd(8)} ${row.name}: ${[rate, row.note].filter(Boolean).join("; ")}`,
    );
  };
  const disk = options.disk ?? join(import.meta.dirname, "../dist/bench");
  const memory = join(MEMORY, `millrace-bench-${process.pid}`);
  try {
    for (const [where, folder] of [
      ["disk", disk],
      ["memory", memory],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      const plan = planOf(options.quick, where === "disk");
      await measurePlace(where, join(folder, "place"), plan, wanted, say);
      await measureAgent(where, join(folder, "agent"), plan, wanted, say);
    }
    if (options.against !== null) await measurePeer(options.against, options.auth, options.quick, wanted, say);
  } finally {
    for (const folder of [disk, memory]) rmSync(folder, { recursive: true, force: true });
  }
  const date = new Date().toISOString().slice(0, 10);
  console.log(`${date}, ${machine()}\n\n${table(rows)}`);
  if (options.json !== null) writeFileSync(options.json, json(date, rows));
}

/** The same clients against another server. What it cannot do is a line that says so. */
async function measurePeer(
  url: URL,
  auth: string | null,
  quick: boolean,
  wanted: (name: string) => boolean,
  say: (row: Row) => void,
): Promise<void> {
  const target = peerAt(url, auth);
  const plan = planOf(quick, true);
  const attempt: Attempt = async (name, work) => {
    try {
      say(await work());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say({ ...factRow(name, ITS_OWN, `failed: ${reason.slice(0, 120)}`), who: target.name });
    }
  };
  const compared = [
    ["read", "read a run by id, 32 clients", "request", () => reads(target, 32, plan.read)],
    ["life-cycle", "run life cycle, 32 clients", "run", () => lifeCycles(target, 32, plan.life)],
  ] as const;
  for (const [name, title, unit, work] of compared)
    if (wanted(name)) await attempt(title, async () => rowOf(title, target.name, ITS_OWN, unit, await work()));
  await wireRows(target, ITS_OWN, plan, wanted, attempt);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.exit();
