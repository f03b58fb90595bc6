/** What the pages of concurrency limits need. */
import type { WireGlobalLimit, WireOccupation } from "@millrace/contract/concurrency-limits.ts";
import { type Client, type Part, part, valueIn } from "../api.ts";
import { cut, type ListQuery } from "../list/list-query.ts";
import { milliseconds } from "../time/tell.ts";

export const LIMITS_LOADED = "millrace:limits";
/** Limits of tasks by tag are limits whose names begin so. */
const TAG = "tag:";

export interface LimitRow {
  id: string;
  /** As it is addressed. */
  name: string;
  /** The tag whose task runs it limits; null: a limit by name. */
  tag: string | null;
  limit: number;
  taken: number;
  active: boolean;
  /** Slots that come back by themselves in a second; 0: none, they are given back. */
  decay: number;
}

const limitRow = (limit: WireGlobalLimit): LimitRow => ({
  id: limit.id,
  name: limit.name,
  tag: limit.name.startsWith(TAG) ? limit.name.slice(TAG.length) : null,
  limit: limit.limit,
  taken: limit.active_slots,
  active: limit.active,
  decay: limit.slot_decay_per_second,
});

export interface LimitList {
  query: ListQuery;
  rows: LimitRow[];
  count: number;
}

/** Limits that the wire gives at once, and how many a page looks through. */
const BATCH = 200;
const MOST = 1000;

/** Limits in order of name. The wire finds no names: they are found here. */
export async function loadLimits(api: Client, query: ListQuery): Promise<LimitList> {
  const all: WireGlobalLimit[] = [];
  while (all.length < MOST) {
    const body = { limit: BATCH, offset: all.length };
    const batch = await api("POST /v2/concurrency_limits/filter", { body });
    all.push(...batch);
    if (batch.length < BATCH) break;
  }
  const wanted = query.q.toLowerCase();
  const found = all.map(limitRow).filter(({ name }) => name.toLowerCase().includes(wanted));
  const { offset, limit } = cut(query);
  return { query, rows: found.slice(offset, offset + limit), count: found.length };
}

type HolderType = "flow_run" | "task_run" | "deployment";

export interface Holder {
  id: string;
  /** Who has the slots; null: whoever took them did not say. */
  who: { type: HolderType; id: string; name: string | null } | null;
  slots: number;
  since: number;
  /** When they come back if nobody renews the lease; null: there is none. */
  until: number | null;
}

export interface LimitPageData {
  limit: LimitRow;
  holders: Part<Holder[]>;
  /** In the order in which they came. */
  waiting: Holder[];
}

export async function loadLimit(api: Client, name: string): Promise<LimitPageData> {
  const params = { id_or_name: name };
  const [limit, occupation] = await Promise.all([
    api("GET /v2/concurrency_limits/{id_or_name}", { params }),
    part(api("GET /v2/concurrency_limits/{id_or_name}/holders", { params })),
  ]);
  if ("failed" in occupation) return { limit: limitRow(limit), holders: occupation, waiting: [] };
  const { holders, waiting } = occupation.value;
  const names = await namesOf(api, [...holders, ...waiting]);
  const who = (holder: WireHolder): Holder["who"] => holder && { ...holder, name: names.get(holder.id) ?? null };
  return {
    limit: limitRow(limit),
    holders: {
      value: holders.map((one) => ({
        ...{ id: one.lease_id, who: who(one.holder), slots: one.slots },
        ...{ since: milliseconds(one.since) ?? 0, until: milliseconds(one.until) },
      })),
    },
    waiting: waiting.map((one, place) => ({
      ...{ id: `${place}`, who: who(one.holder), slots: one.slots },
      ...{ since: milliseconds(one.since) ?? 0, until: null },
    })),
  };
}

type WireHolder = WireOccupation["holders"][number]["holder"];

/** What runs and deployments are called; those that could not be had are left out. */
async function namesOf(api: Client, of: readonly { holder: WireHolder }[]): Promise<Map<string, string>> {
  const ids = (type: HolderType) => ({
    id: { any_: of.flatMap(({ holder }) => (holder?.type === type ? holder.id : [])).slice(0, BATCH) },
  });
  const [runs, tasks, deployments] = [ids("flow_run"), ids("task_run"), ids("deployment")];
  const ask = async (any: typeof runs, read: () => Promise<{ id: string; name: string }[]>) =>
    any.id.any_.length > 0 ? valueIn(await part(read()), []) : [];
  const found = await Promise.all([
    ask(runs, () => api("POST /flow_runs/filter", { body: { flow_runs: runs } })),
    ask(tasks, () => api("POST /task_runs/filter", { body: { task_runs: tasks } })),
    ask(deployments, () => api("POST /deployments/filter", { body: { deployments } })),
  ]);
  return new Map(found.flat().map(({ id, name }) => [id, name]));
}
