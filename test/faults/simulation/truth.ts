/** How things really stand: read from what the objects have written, and from the index, without asking any of them. */
import type { FlowRunRow } from "../../../durable-objects/event-hub/rpc.ts";
import { allStates, type Head, readHead } from "../../../durable-objects/flow-run/head.ts";
import type { Entry, Session } from "../../../durable-objects/work-pool/ledger.ts";
import { type Disk, MemoryStore } from "../platform/memory-store.ts";
import type { ObjectHost } from "../platform/object-host.ts";
import type { Platform } from "../platform/platform.ts";

export interface IndexRow extends Pick<FlowRunRow, "id" | "version"> {
  state_name: string | null;
  tags: string;
  start_time: number | null;
  end_time: number | null;
}

export class Truth {
  readonly #platform: Platform;
  readonly #workspace: string;
  readonly #pool: string;
  readonly #poolRows = new Map<string, { writes: number; rows: readonly unknown[] }>();
  readonly #hosts = new Map<string, ObjectHost>();
  readonly #heads = new Map<string, { writes: number; head: Head | null }>();

  constructor(platform: Platform, workspace: string, pool: string) {
    this.#platform = platform;
    this.#workspace = workspace;
    this.#pool = pool;
  }

  /** Where a run's object lives, once anybody has called it. */
  hostOf(run: string): ObjectHost | undefined {
    const host = this.#hosts.get(run) ?? this.#platform.hosts.get(`FLOW_RUN/${this.#workspace}/${run}`);
    if (host) this.#hosts.set(run, host);
    return host;
  }

  /** The head of a run; null where there is none. */
  head(run: string): Head | null {
    const host = this.hostOf(run);
    return host ? this.headOn(run, host.disk) : null;
  }

  headOn(run: string, disk: Disk): Head | null {
    const known = this.#heads.get(run);
    if (known?.writes === disk.writes) return known.head;
    const store = new MemoryStore({ disk });
    const stored = readHead(store);
    const head = stored && { ...stored, earlier: 0, states: allStates(store, stored) };
    this.#heads.set(run, { writes: disk.writes, head });
    return head;
  }

  /** Texts of the log lines that a run holds. */
  lines(run: string): Set<string> {
    const host = this.hostOf(run);
    const lines = new Set<string>();
    for (const [, text] of host ? new MemoryStore({ disk: host.disk }).list("log/") : []) {
      const row = JSON.parse(text) as { lines: [name: string, level: number, message: string][] };
      for (const [, , message] of row.lines) lines.add(message);
    }
    return lines;
  }

  /** Ids of the ended task runs that a run holds. */
  endedTaskRuns(run: string): string[] {
    const host = this.hostOf(run);
    const rows = host ? [...new MemoryStore({ disk: host.disk }).list("task/")] : [];
    return rows
      .map(([, text]) => JSON.parse(text) as { id: string; state: { type: string } | null })
      .filter(({ state }) => state?.type === "COMPLETED")
      .map(({ id }) => id);
  }

  get poolDisk(): Disk | null {
    return this.#platform.hosts.get(`WORK_POOL/${this.#workspace}/${this.#pool}`)?.disk ?? null;
  }

  entries(): readonly Entry[] {
    return this.#rows<Entry>("run/");
  }

  sessions(): readonly Session[] {
    return this.#rows<Session>("session/");
  }

  #rows<T>(prefix: string): readonly T[] {
    const disk = this.poolDisk;
    if (!disk) return [];
    const known = this.#poolRows.get(prefix);
    if (known?.writes === disk.writes) return known.rows as T[];
    const rows = [...new MemoryStore({ disk }).list(prefix)].map(([, text]) => JSON.parse(text) as T);
    this.#poolRows.set(prefix, { writes: disk.writes, rows });
    return rows;
  }

  index(): IndexRow[] {
    return this.#select(
      "SELECT id, version, state_name, tags, start_time, end_time FROM flow_runs WHERE workspace_id = ?1",
    ) as unknown as IndexRow[];
  }

  /** Ids of all events that are stored. */
  events(): Set<string> {
    const ids = new Set<string>();
    for (const { body } of this.#select("SELECT body FROM event_batches WHERE workspace_id = ?1"))
      for (const { id } of JSON.parse(body as string) as { id: string }[]) ids.add(id);
    return ids;
  }

  /** Ids of all task runs of the index. */
  indexedTaskRuns(): Set<string> {
    const rows = this.#select("SELECT task_run_ids AS ids FROM flow_runs WHERE workspace_id = ?1");
    return new Set(rows.flatMap(({ ids }) => (ids as string).split(" ")));
  }

  /** Forgets what the index holds of this workspace: the tables are used again. */
  clearIndex(): void {
    for (const table of ["flow_runs", "event_batches", "dead_letters", "concurrency_limits"])
      this.#select(`DELETE FROM ${table} WHERE workspace_id = ?1`);
  }

  #select(query: string) {
    return this.#platform.database.query([{ query, values: [this.#workspace] }])[0]?.results ?? [];
  }
}
