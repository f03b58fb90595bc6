/** Compares what clients were told with what the service has. */
import { setTimeout as wait } from "node:timers/promises";
import { type Client, createClient } from "@millrace/contract/client.ts";
import type { Tenant } from "../../support/tenant.ts";
import type { Acknowledged, AcknowledgedRun } from "./acknowledged.ts";
import { TAG } from "./writers.ts";

/** Runs that are looked at side by side. */
const AT_ONCE = 8;
/** Seconds within which the index shows the truth: a row is looked at by the sweep once it is a minute old, each minute. */
const INDEX_LIMIT = 130;
const PAGE = 200;

export interface Finding {
  run: string;
  what: string;
}

/** What was acknowledged and is not there, and transitions that are there by half. */
export async function auditRuns(tenant: Tenant, acknowledged: Acknowledged): Promise<Finding[]> {
  const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
  const findings: Finding[] = [];
  const { runs } = acknowledged;
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const some = await Promise.all(runs.slice(from, from + AT_ONCE).map((run) => auditRun(client, run)));
    findings.push(...some.flat());
  }
  const artifacts = await artifactsOf(client);
  for (const run of runs)
    for (const id of run.artifacts)
      if (!artifacts.has(id)) findings.push({ run: run.id, what: `artifact ${id} is not there` });
  return findings;
}

async function auditRun(client: Client, run: AcknowledgedRun): Promise<Finding[]> {
  const findings: Finding[] = [];
  const find = (what: string) => findings.push({ run: run.id, what });
  const params = { id: run.id };
  const [now, states] = await Promise.all([
    client("GET /flow_runs/{id}", { params }),
    client("GET /flow_runs/{id}/states", { params }),
  ]);
  const types = states.map(({ type }) => type as string);
  const expected = run.states.join(" ");
  const further = run.unanswered === null ? expected : `${expected} ${run.unanswered}`;
  if (types.join(" ") !== expected && types.join(" ") !== further)
    find(`its states are ${types.join(" ")}; acknowledged were ${expected}, asked for ${run.unanswered}`);
  if (now.state?.id !== states.at(-1)?.id) find("its state is not the last of its history");
  if (states.some(({ timestamp }, at) => at > 0 && timestamp <= (states[at - 1]?.timestamp ?? "")))
    find("its states are not in order of their times");
  const hasEnded = types.at(-1) === "COMPLETED";
  if (hasEnded !== (now.end_time !== null)) find(`it is ${types.at(-1)}, and its end is ${now.end_time}`);
  if (types.includes("RUNNING") !== (now.start_time !== null))
    find(`it is ${types.at(-1)}, and its start is ${now.start_time}`);
  if (run.lines.length > 0) {
    const lines = await client("POST /logs/filter", {
      body: { logs: { flow_run_id: { any_: [run.id] } }, limit: PAGE },
    });
    for (const line of run.lines)
      if (!lines.some(({ message }) => message === line)) find(`the line «${line}» is not there`);
  }
  for (const id of run.taskRuns) {
    const taskRun = await client("GET /task_runs/{id}", { params: { id } }).catch(() => null);
    if (taskRun?.state?.type !== "COMPLETED") find(`task run ${id} is ${taskRun?.state?.type ?? "not there"}`);
  }
  return findings;
}

async function artifactsOf(client: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await client("POST /artifacts/filter", { body: { limit: PAGE, offset } });
    for (const { id } of page) ids.add(id);
    if (page.length < PAGE) return ids;
  }
}

/** Waits until lists, which are made of the index, show every run as it is; answers what they show wrongly at the limit. */
export async function auditIndex(tenant: Tenant, acknowledged: Acknowledged): Promise<Finding[]> {
  const client = createClient({ baseUrl: tenant.apiUrl, token: tenant.key });
  const real = new Map<string, string>();
  for (const { id } of acknowledged.runs) {
    const run = await client("GET /flow_runs/{id}", { params: { id } });
    real.set(id, run.state?.id ?? "");
  }
  const deadline = Date.now() + INDEX_LIMIT * 1000;
  for (;;) {
    const shown = await listed(client);
    const findings = [...real]
      .filter(([id, state]) => shown.get(id) !== state)
      .map(([run]) => ({ run, what: shown.has(run) ? "lists show an older state" : "no list shows it" }));
    if (findings.length === 0 || Date.now() > deadline) return findings;
    await wait(1000);
  }
}

/** State ids by run, as lists show them: by tag, which only the index can answer. */
async function listed(client: Client): Promise<Map<string, string>> {
  const shown = new Map<string, string>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await client("POST /flow_runs/filter", {
      body: { flow_runs: { tags: { all_: [TAG] } }, sort: "ID_DESC", limit: PAGE, offset },
    });
    for (const { id, state } of page) shown.set(id, state?.id ?? "");
    if (page.length < PAGE) return shown;
  }
}
