/**
 * A list of runs that stays true while it is looked at.
 *
 * LL1  The state of a row that is shown changes in place, from events.
 * LL2  Rows never move under the reader's hand: runs that would appear are counted and held until they are asked for.
 * LL3  Events only tell that something happened. Which runs the list would show is asked of the server, at most every PEEK.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import { untrack } from "svelte";
import { api } from "../api.ts";
import { connection } from "../live.svelte.ts";
import { announcer } from "../ui/announce.svelte.ts";
import type { RunList } from "./load-runs.ts";
import { runFilterToWire } from "./run-filter.ts";
import { type RunRow, runRow, stateOfEvent, withState } from "./run-row.ts";

/** Milliseconds between two looks at the server, however many events come. */
const PEEK = 2000;
/** Events from a little before the list was asked: none falls between the two. */
const OVERLAP = 5000;

export class LiveList {
  rows: RunRow[] = $state.raw([]);
  /** Runs that the list would show and does not yet. */
  fresh = $state(0);
  #list: RunList;
  #peeked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(list: RunList) {
    this.#list = list;
    this.show(list);
  }

  /** Takes the list as it was loaded. */
  show(list: RunList): void {
    this.#list = list;
    this.rows = "value" in list.rows ? list.rows.value : [];
    this.fresh = 0;
  }

  /** Follows the workspace's events until the answer is called. */
  follow(): () => void {
    const since = new Date(untrack(() => this.#list.asked) - OVERLAP).toISOString();
    const stop = connection.listen({
      path: "/events/out",
      onReady: (send, again) => {
        const occurred = { since, until: "2200-01-01T00:00:00Z" };
        send({
          type: "filter",
          filter: { occurred, event: { prefix: ["prefect.flow-run."] }, order: "ASC" },
          backfill: !again,
        });
        if (again) this.#peekSoon();
      },
      onFrame: (frame) => {
        if (frame.type === "event") this.#hear(frame.event as unknown as WireEvent);
      },
    });
    return () => {
      stop();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #hear(event: WireEvent): void {
    const told = stateOfEvent(event);
    if (!told) return;
    const index = this.rows.findIndex(({ id }) => id === told.run);
    if (index >= 0) {
      const row = withState(this.rows[index]!, told.state);
      if (row !== this.rows[index]) this.rows = this.rows.with(index, row);
    } else if (this.#list.filter.page === 1) this.#peekSoon();
  }

  #peekSoon(): void {
    this.#timer ??= setTimeout(() => void this.#peek(), Math.max(0, this.#peeked + PEEK - Date.now()));
  }

  async #peek(): Promise<void> {
    this.#peeked = Date.now();
    try {
      const { scope, page } = runFilterToWire(this.#list.filter, Date.now());
      const now = (await api("POST /flow_runs/filter", { body: { ...scope, ...page } })).map(runRow);
      const known = new Map(this.rows.map((row) => [row.id, row]));
      const fresh = now.filter(({ id }) => !known.has(id)).length;
      const newer = new Map(now.map((row) => [row.id, row]));
      this.rows = this.rows.map((row) => {
        const other = newer.get(row.id);
        return other && (other.state?.at ?? 0) >= (row.state?.at ?? 0) ? other : row;
      });
      if (fresh > this.fresh) announcer.say(`${fresh} new ${fresh === 1 ? "run" : "runs"}`);
      this.fresh = fresh;
    } catch {
      // The list stays as it is; the next event, or the reader, asks again.
    } finally {
      this.#timer = undefined;
    }
  }
}
