/** Log lines in batches of 100, as Prefect's client sends them: to several runs at once. */
import { closedLoop, type Sample } from "../measure.ts";
import { type Target, type WireClient, withClients } from "../target.ts";
import { type Limits, runningRun } from "./runs.ts";

const BATCH = 100;

/** Sends batches and then reads back that every line is there. `limits.count` is in lines; so is the sample. */
export function logLines(target: Target, clients: number, limits: Limits): Promise<Sample> {
  return withClients(target, clients, async (open) => {
    const runs: string[] = [];
    for (let client = 0; client < clients; client++) runs.push((await runningRun(target)).run);
    const sent = new Map<string, number>();
    const sample = await closedLoop({
      clients,
      count: limits.count / BATCH,
      seconds: limits.seconds,
      pids: target.pids(),
      async step(client) {
        const run = runs[client] as string;
        await (open[client] as WireClient).call("POST", "/logs/", batch(run));
        sent.set(run, (sent.get(run) ?? 0) + BATCH);
      },
    });
    for (const [run, lines] of sent) await checkLines(open[0] as WireClient, run, lines);
    return {
      ...sample,
      count: sample.count * BATCH,
      perSecond: sample.perSecond * BATCH,
      cpu: sample.cpu === null ? null : sample.cpu / BATCH,
    };
  });
}

function batch(run: string): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify(
    Array.from({ length: BATCH }, (_, line) => ({
      name: "prefect.flow_runs",
      level: 20,
      message: `line ${line}: read 48213 rows from s3://bucket/part-00017.parquet in 0.84 s`,
      timestamp,
      flow_run_id: run,
      task_run_id: null,
    })),
  );
}

/** Throws unless the run has at least so many lines: the last of them is asked for. */
async function checkLines(client: WireClient, run: string, lines: number): Promise<void> {
  const last = await client.json<unknown[]>("POST", "/logs/filter", {
    logs: { flow_run_id: { any_: [run] } },
    sort: "TIMESTAMP_ASC",
    limit: 1,
    offset: lines - 1,
  });
  if (last.length !== 1) throw new Error(`Of ${lines} acknowledged log lines of ${run} the last is not there.`);
}
