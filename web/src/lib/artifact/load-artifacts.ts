/** What the pages of artifacts need. Lists never carry what an artifact holds: it may be megabytes. */
import type { WireArtifact } from "@millrace/contract/artifacts.ts";
import { type Client, type Part, part } from "../api.ts";
import { cut, type ListQuery, named } from "../list/list-query.ts";
import { milliseconds } from "../time/tell.ts";

export const ARTIFACTS_LOADED = "millrace:artifacts";

export interface ArtifactRow {
  id: string;
  key: string | null;
  type: string;
  description: string | null;
  run: string | null;
  created: number | null;
}

/** What artifacts that people look at are. */
export const ARTIFACT_TYPES = ["markdown", "table", "link", "image", "progress"] as const;

/** Characters of a description that a row shows. */
const LONGEST_BRIEF = 300;

const artifactRow = (artifact: Omit<WireArtifact, "data">): ArtifactRow => ({
  id: artifact.id,
  key: artifact.key,
  type: artifact.type ?? "unnamed type",
  description: artifact.description?.slice(0, LONGEST_BRIEF) ?? null,
  run: artifact.flow_run_id,
  created: milliseconds(artifact.created),
});

export interface ArtifactList {
  query: ListQuery;
  rows: ArtifactRow[];
  count: Part<number>;
}

/** The newest artifact of each key, by key. Stored results have no key, and are not among them. */
export async function loadArtifacts(api: Client, query: ListQuery): Promise<ArtifactList> {
  const { q, type } = query;
  const artifacts = q || type ? { ...(q && { key: named(query) }), ...(type && { type: { any_: [type] } }) } : null;
  const [found, count] = await Promise.all([
    api("POST /artifacts/latest/filter", { body: { artifacts, sort: "KEY_ASC", ...cut(query) } }),
    part(api("POST /artifacts/latest/count", { body: { artifacts } })),
  ]);
  return { query, rows: found.map((one) => artifactRow({ ...one, id: one.latest_id })), count };
}

export interface ArtifactPageData {
  artifact: WireArtifact;
  /** Others of the same key, newest first; this one among them. */
  history: Part<ArtifactRow[]>;
}

/** Artifacts of one key that a page lists. */
const MOST_HISTORY = 50;

export async function loadArtifact(api: Client, id: string): Promise<ArtifactPageData> {
  return withHistory(api, await api("GET /artifacts/{id}", { params: { id } }));
}

export async function loadLatestArtifact(api: Client, key: string): Promise<ArtifactPageData> {
  return withHistory(api, await api("GET /artifacts/{key}/latest", { params: { key } }));
}

async function withHistory(api: Client, artifact: WireArtifact): Promise<ArtifactPageData> {
  if (artifact.key === null) return { artifact, history: { value: [] } };
  const artifacts = { key: { any_: [artifact.key] } };
  const asked = api("POST /artifacts/filter", { body: { artifacts, sort: "CREATED_DESC", limit: MOST_HISTORY } });
  return { artifact, history: await part(asked.then((all) => all.map(artifactRow))) };
}
