/**
 * `npm run bench`: what the service does a second and what it costs, next to the floors of the same disk and platform.
 *
 * Everything is bounded in count and time. Rates move with the load of the machine; CPU milliseconds do not.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureAgent } from "./agent-rows.ts";
import { aimLines, verdictsOn } from "./aims.ts";
import { readBenchOptions, USAGE } from "./options.ts";
import { measureOrchestration } from "./orchestration-rows.ts";
import { peerAt } from "./peer.ts";
import { measurePlace } from "./place.ts";
import { planOf } from "./plan.ts";
import { measurePython } from "./python-rows.ts";
import { json, machine, number, table } from "./report.ts";
import { type Attempt, factRow, type Row, rowOf } from "./row.ts";
import type { Target } from "./target.ts";
import { wireRows } from "./wire-rows.ts";
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
  // What cannot be measured is a line that says so; the rest is measured all the same.
  let failed = false;
  const attemptOf =
    (who: string, where: string): Attempt =>
    async (name, work) => {
      try {
        say(await work());
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failed ||= who === "millrace";
        if (who === "millrace") console.error(reason);
        say({ ...factRow(name, where, `failed: ${reason.split("\n", 1)[0]?.slice(0, 120)}`), who });
      }
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
      const attempt = attemptOf("millrace", where);
      if (AT_A_PLACE.some(wanted)) await measurePlace(where, join(folder, "place"), plan, wanted, attempt);
      await measureAgent(where, join(folder, "agent"), plan, (name) => wanted(name) && isOf(where, name), attempt);
      if (where === "memory" && wanted("python")) await measurePython(where, join(folder, "python"), plan, attempt);
      if (where === "memory") await measureOrchestration(where, join(folder, "orchestration"), plan, wanted, attempt);
    }
    if (options.against !== null)
      await measurePeer(peerAt(options.against, options.auth), options.quick, wanted, attemptOf("peer", ITS_OWN));
  } finally {
    for (const folder of [disk, memory]) rmSync(folder, { recursive: true, force: true });
  }
  const date = new Date().toISOString().slice(0, 10);
  const verdicts = verdictsOn(rows);
  console.log(`${date}, ${machine()}\n\n${table(rows)}\n\n${aimLines(verdicts).join("\n")}`);
  if (options.json !== null) writeFileSync(options.json, json(date, rows, verdicts));
  if (failed) throw new Error("Not everything could be measured: see the rows that failed.");
}

/** What is measured beside floors. */
const AT_A_PLACE = ["life-cycle", "read", "filter", "logs", "events", "set-state", "dispatched", "poll"];

/** What is the same wherever the state lies is measured in one place: where it is harder, or quicker. */
const isOf = (where: string, name: string): boolean =>
  name === "rows" ? where === "memory" : name === "idle" || name === "fsyncs" ? where === "disk" : true;

/** The same clients against another server. */
async function measurePeer(
  target: Target,
  quick: boolean,
  wanted: (name: string) => boolean,
  attempt: Attempt,
): Promise<void> {
  const plan = planOf(quick, true);
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
