/** Finds the run that somebody means: by its whole id, by the beginning of one, by its name, or by the address of its page. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { ApiError, type Client } from "../sdk/api/connect.ts";
import { Problem } from "./problem.ts";

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const PREFIX = /^[0-9a-f-]{4,35}$/i;
/** Beginnings of ids are looked for among this many of the newest runs. */
const NEWEST = 1000;
const PAGE = 200;
/** Of several that fit, so many are named. */
const NAMED = 10;

export async function findRun(api: Client, meant: string): Promise<WireFlowRun> {
  const id = ID.exec(meant)?.[0];
  if (id && (id === meant || meant.includes("/"))) {
    try {
      return await api("GET /flow_runs/{id}", { params: { id } });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) throw unknown(id);
      throw error;
    }
  }
  const named = await api("POST /flow_runs/filter", {
    body: { flow_runs: { name: { any_: [meant] } }, sort: "ID_DESC", limit: NAMED + 1 },
  });
  const found = named.length === 0 && PREFIX.test(meant) ? await beginningWith(api, meant.toLowerCase()) : named;
  const [only] = found;
  if (!only) throw unknown(meant);
  if (found.length > 1) throw ambiguous(meant, found);
  return only;
}

async function beginningWith(api: Client, prefix: string): Promise<WireFlowRun[]> {
  const found: WireFlowRun[] = [];
  for (let offset = 0; offset < NEWEST; offset += PAGE) {
    const page = await api("POST /flow_runs/filter", {
      body: { sort: "EXPECTED_START_TIME_DESC", limit: PAGE, offset },
    });
    found.push(...page.filter((run) => run.id.startsWith(prefix)));
    if (page.length < PAGE) break;
  }
  return found;
}

const unknown = (meant: string): Problem =>
  new Problem(`There is no run "${meant}".`, { code: "not_found", fix: "`millrace runs ls` lists runs." });

function ambiguous(meant: string, found: readonly WireFlowRun[]): Problem {
  const list = found
    .slice(0, NAMED)
    .map((run) => `  ${run.id}  ${run.name}  ${run.state_name ?? ""}  ${run.start_time ?? ""}`);
  const more = found.length > NAMED ? "\n  …" : "";
  return new Problem(`"${meant}" means several runs; give the id of one:\n${list.join("\n")}${more}`, {
    code: "usage",
  });
}
