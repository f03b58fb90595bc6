/**
 * What a list of runs shows, and its way to and from the address bar. The address holds everything, so that reload, back and a
 * shared link restore the list; whatever an address says that nobody means is left out, never an error.
 *
 * RF1  parse(format(filter)) is the filter.
 * RF2  A filter that asks for states can always be said in the wire: names are added to types by `or_`, taken away by `not_any_`.
 */
import type { StateType } from "@millrace/domain/state.ts";

/** States that a list can ask for: the types, and those names that people look for under SCHEDULED. */
export const STATE_TERMS = {
  scheduled: { type: "SCHEDULED" },
  late: { name: "Late" },
  "awaiting-retry": { name: "AwaitingRetry" },
  pending: { type: "PENDING" },
  running: { type: "RUNNING" },
  paused: { type: "PAUSED" },
  completed: { type: "COMPLETED" },
  failed: { type: "FAILED" },
  crashed: { type: "CRASHED" },
  cancelling: { type: "CANCELLING" },
  cancelled: { type: "CANCELLED" },
} as const satisfies Record<string, { type: StateType } | { name: string }>;
export type StateTerm = keyof typeof STATE_TERMS;
const TERMS = Object.keys(STATE_TERMS) as StateTerm[];

/** Due by now (what is to come stays out of the way), still to come, or due within the last hours or days. */
export const WHENS = ["due", "upcoming", "1h", "24h", "7d", "30d", "between"] as const;
export type When = (typeof WHENS)[number];

export const SORTS = ["newest", "oldest", "ended", "name"] as const;
export type Sort = (typeof SORTS)[number];

export interface RunFilter {
  is: StateTerm[];
  not: StateTerm[];
  /** Part of a run's name. */
  name: string;
  flows: string[];
  deployments: string[];
  /** A run must have all of them. */
  tags: string[];
  when: When;
  /** For `between`: RFC 3339, either end open. */
  from: string | null;
  to: string | null;
  sort: Sort;
  page: number;
}

/** Runs on one page of a list. */
export const PAGE_SIZE = 50;
/** Beyond this the wire refuses an offset; nobody turns that many pages by hand. */
const LAST_PAGE = 100_000;
const MOST_VALUES = 50;

export const EVERYTHING: Readonly<RunFilter> = Object.freeze({
  is: [],
  not: [],
  name: "",
  flows: [],
  deployments: [],
  tags: [],
  when: "due",
  from: null,
  to: null,
  sort: "newest",
  page: 1,
});

export function parseRunFilter(search: URLSearchParams): RunFilter {
  const terms = (search.get("state") ?? "").split(",").map((term) => term.trim().toLowerCase());
  const is = distinct(terms.filter(isTerm));
  const not = distinct(
    terms
      .filter((term) => term.startsWith("!"))
      .map((term) => term.slice(1))
      .filter(isTerm),
  );
  const from = moment(search.get("from"));
  const to = moment(search.get("to"));
  const when = from || to ? "between" : oneOf(WHENS, search.get("when"), "due");
  const page = Number(search.get("page") ?? "1");
  return {
    is,
    not: not.filter((term) => !is.includes(term)),
    name: (search.get("q") ?? "").trim().slice(0, 200),
    flows: identifiers(search.getAll("flow")),
    deployments: identifiers(search.getAll("deployment")),
    tags: distinct(
      search
        .getAll("tag")
        .map((tag) => tag.trim())
        .filter(Boolean),
    ).slice(0, MOST_VALUES),
    when: when === "between" && !from && !to ? "due" : when,
    from,
    to,
    sort: oneOf(SORTS, search.get("sort"), "newest"),
    page: Number.isInteger(page) && page >= 1 && page <= LAST_PAGE ? page : 1,
  };
}

/** The query of a list's address, with its question mark; empty for the list that shows everything. */
export function formatRunFilter(filter: RunFilter): string {
  const search = new URLSearchParams();
  const states = [...filter.is, ...filter.not.map((term) => `!${term}`)];
  if (states.length > 0) search.set("state", states.join(","));
  if (filter.name) search.set("q", filter.name);
  for (const flow of filter.flows) search.append("flow", flow);
  for (const deployment of filter.deployments) search.append("deployment", deployment);
  for (const tag of filter.tags) search.append("tag", tag);
  if (filter.when === "between") {
    if (filter.from) search.set("from", filter.from);
    if (filter.to) search.set("to", filter.to);
  } else if (filter.when !== "due") search.set("when", filter.when);
  if (filter.sort !== "newest") search.set("sort", filter.sort);
  if (filter.page !== 1) search.set("page", String(filter.page));
  // Commas and exclamation marks are legal in a query, and an address that people read aloud should keep them.
  const text = search.toString().replaceAll("%2C", ",").replaceAll("%21", "!");
  return text === "" ? "" : `?${text}`;
}

/** True when the list is narrower than «everything due»; paging and order do not count. */
export const isNarrowed = (filter: RunFilter): boolean =>
  formatRunFilter({ ...filter, sort: "newest", page: 1 }) !== "";

/** A filter with the term asked for, excluded, or neither. */
export function withTerm(filter: RunFilter, term: StateTerm, wish: "is" | "not" | null): RunFilter {
  const without = (terms: StateTerm[]): StateTerm[] => terms.filter((other) => other !== term);
  return {
    ...filter,
    is: TERMS.filter((other) => (other === term ? wish === "is" : without(filter.is).includes(other))),
    not: TERMS.filter((other) => (other === term ? wish === "not" : without(filter.not).includes(other))),
    page: 1,
  };
}

const WIRE_SORT = {
  newest: "EXPECTED_START_TIME_DESC",
  oldest: "EXPECTED_START_TIME_ASC",
  ended: "END_TIME_DESC",
  name: "NAME_ASC",
} as const;

const SPAN: Partial<Record<When, number>> = {
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};
/** A run created this very moment by a machine whose clock is a little ahead still counts as due. */
const CLOCK_SKEW = 5_000;

/** The same in the words of the wire: body of `/flow_runs/filter`, and without its last three fields of `/flow_runs/count`. */
export function runFilterToWire(filter: RunFilter, now: number) {
  const iso = (at: number): string => new Date(at).toISOString();
  const span = SPAN[filter.when];
  const upcoming = filter.when === "upcoming";
  const due =
    filter.when === "between"
      ? { after_: filter.from, before_: filter.to }
      : upcoming
        ? { after_: iso(now), before_: null }
        : { after_: span ? iso(now - span) : null, before_: iso(now + CLOCK_SKEW) };
  const flowRuns = {
    state: stateToWire(upcoming && filter.is.length === 0 ? { ...filter, is: ["scheduled"] } : filter),
    name: filter.name ? { like_: filter.name } : null,
    tags: filter.tags.length > 0 ? { all_: filter.tags } : null,
    deployment_id: filter.deployments.length > 0 ? { any_: filter.deployments } : null,
    expected_start_time: due,
  };
  const scope = {
    flow_runs: flowRuns,
    ...(filter.flows.length > 0 ? { flows: { id: { any_: filter.flows } } } : {}),
  };
  return {
    scope,
    page: {
      sort: upcoming && filter.sort === "newest" ? ("EXPECTED_START_TIME_ASC" as const) : WIRE_SORT[filter.sort],
      limit: PAGE_SIZE,
      offset: (filter.page - 1) * PAGE_SIZE,
    },
  };
}

function stateToWire({ is, not }: Pick<RunFilter, "is" | "not">) {
  const said = (term: StateTerm): { type?: StateType; name?: string } => STATE_TERMS[term];
  const types = (terms: StateTerm[]): StateType[] => terms.flatMap((term) => said(term).type ?? []);
  const names = (terms: StateTerm[]): string[] => terms.flatMap((term) => said(term).name ?? []);
  if (is.length === 0 && not.length === 0) return null;
  const [anyType, anyName] = [types(is), names(is)];
  // What is asked for by name widens the types, so it needs `or_`; then nothing that is left out could come in anyway.
  if (anyName.length > 0) {
    return { operator: "or_" as const, type: anyType.length > 0 ? { any_: anyType } : null, name: { any_: anyName } };
  }
  const [notType, notName] = [types(not), names(not)];
  const type = anyType.length > 0 ? { any_: anyType } : notType.length > 0 ? { not_any_: notType } : null;
  return { operator: "and_" as const, type, name: notName.length > 0 ? { not_any_: notName } : null };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const identifiers = (values: string[]): string[] =>
  distinct(values.filter((value) => UUID.test(value)).map((value) => value.toLowerCase())).slice(0, MOST_VALUES);
const isTerm = (term: string): term is StateTerm => (TERMS as string[]).includes(term);
const distinct = <T>(values: T[]): T[] => [...new Set(values)];
const moment = (text: string | null): string | null => {
  const at = text ? Date.parse(text) : Number.NaN;
  const year = Number.isNaN(at) ? 0 : new Date(at).getUTCFullYear();
  return year >= 1970 && year <= 2200 ? new Date(at).toISOString() : null;
};

function oneOf<const T extends string>(known: readonly T[], value: string | null, otherwise: T): T {
  return (known as readonly (string | null)[]).includes(value) ? (value as T) : otherwise;
}
