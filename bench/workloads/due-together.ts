/** Many schedules that are due in the same second: when each run is in an agent's hands and begins. */
import { setTimeout as wait } from "node:timers/promises";
import { BenchAgents } from "../bench-agent.ts";
import { quantile } from "../measure.ts";
import { stateBody } from "../run-bodies.ts";
import { type Target, WireClient, withClients } from "../target.ts";
import { benchDeployment, makePool } from "./dispatch.ts";

const POOL = "bench-due";
/** Seconds from the making of the schedules to their due time, and for which late and double ones are awaited after it. */
const AHEAD = 12;
const AFTER = 4;

export interface DueTogether {
  schedules: number;
  started: number;
  early: number;
  twice: number;
  /** Milliseconds after the due time: the middle and the last. */
  p50: number;
  last: number;
}

export async function dueTogether(target: Target, schedules: number): Promise<DueTogether> {
  await makePool(target, POOL);
  const due = Math.ceil(Date.now() / 1000 + AHEAD) * 1000;
  const agents = await BenchAgents.connect(target, POOL, 4, schedules);
  const begun = new Map<string, number[]>();
  const reports: Promise<void>[] = [];
  agents.onAssigned = ({ frame, finish }) => {
    const id = frame.run_id;
    reports.push(
      untilBegun(target, frame.token, id).then((late) => {
        begun.set(id, [...(begun.get(id) ?? []), late]);
        finish();
      }),
    );
  };
  const untilBegun = async (at: Target, token: string, run: string): Promise<number> => {
    const wire = await WireClient.open({ ...at, authorization: `Bearer ${token}`, token });
    try {
      for (;;) {
        const path = `/flow_runs/${run}/set_state`;
        const answer = await wire.json<{ status: string; details: { delay_seconds?: number } }>(
          ...(["POST", path, stateBody(run, "RUNNING")] as const),
        );
        if (answer.status === "ACCEPT") break;
        await wait(Math.max(1, due - Date.now()));
      }
      const late = Date.now() - due;
      await wire.call("POST", `/flow_runs/${run}/set_state`, stateBody(run, "COMPLETED"));
      return late;
    } finally {
      wire.close();
    }
  };
  try {
    const anchor = new Date(due).toISOString();
    await withClients(target, 8, async (open) => {
      let next = 0;
      await Promise.all(
        open.map(async () => {
          while (next < schedules) {
            const name = `due-${next++}-${due}`;
            const schedule = { interval: 86_400, anchor_date: anchor, timezone: "UTC" };
            await benchDeployment(target, POOL, { name, schedules: [{ active: true, schedule }] });
          }
        }),
      );
    });
    await wait(Math.max(0, due + AFTER * 1000 - Date.now()));
    await Promise.all(reports);
  } finally {
    agents.close();
  }
  const times = [...begun.values()].flat().sort((a, b) => a - b);
  return {
    schedules,
    started: begun.size,
    early: times.filter((late) => late < 0).length,
    twice: [...begun.values()].filter((all) => all.length > 1).length,
    p50: quantile(times, 0.5) ?? Number.NaN,
    last: times.at(-1) ?? Number.NaN,
  };
}
