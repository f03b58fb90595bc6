/**
 * The lines that the log pane shows: the newest page at first, older ones as they are asked for, live ones as they are written.
 *
 * LS1  No line is missed and none is there twice, over any number of reconnections: the live log is asked for from a little before
 *      the last line held, and the book drops what it has.
 * LS2  Lines that arrive together are shown together, at most one change of the page per frame of the screen.
 */
import type { WireLog } from "@millrace/contract/logs.ts";
import { api } from "../api.ts";
import { connection } from "../live.svelte.ts";
import { LogBook, type LogLine, logLine } from "./log-book.ts";
import { asksFor, LOG_PAGE, type LogQuery, logQueryToWire } from "./log-query.ts";

/** Lines of different processes may arrive this much out of order, in milliseconds. */
const OVERLAP = 10_000;
/** Pages that one search for an older line may fetch. */
const MOST_PAGES = 100;

export class LogSource {
  /** Grows with every change of the lines; readers of `lines` read it first. */
  version = $state(0);
  /** Live lines that were added so far. */
  written = $state(0);
  /** Whether older lines may exist. */
  older: "maybe" | "loading" | "none" | "failed" = $state("none");
  readonly #run: string;
  #query: LogQuery;
  #book = new LogBook();
  #arrived: LogLine[] = [];
  #frame = 0;

  constructor(run: string, query: LogQuery, newest: readonly LogLine[]) {
    this.#run = run;
    this.#query = query;
    this.restart(query, newest);
  }

  get lines(): readonly LogLine[] {
    void this.version;
    return this.#book.lines;
  }

  /** Begins anew with the lines that a load brought for a query. Live lines that arrived meanwhile come again, or are among them. */
  restart(query: LogQuery, newest: readonly LogLine[]): void {
    const held = this.#book.lines.filter(
      (line) => asksFor(query, line) && (newest.length === 0 || line.at >= newest[0]!.at),
    );
    this.#query = query;
    this.#book = new LogBook();
    this.#book.append(newest);
    this.#book.append(held);
    this.older = newest.length >= LOG_PAGE ? "maybe" : "none";
    this.version++;
  }

  /** Follows the live log until the answer is called. */
  follow(): () => void {
    const stop = connection.listen({
      path: "/logs/out",
      onReady: (send) => {
        const last = this.#book.lines.at(-1);
        const timestamp = last ? { after_: new Date(last.at - OVERLAP).toISOString() } : null;
        send({ type: "filter", filter: { flow_run_id: { any_: [this.#run] }, timestamp } });
      },
      onFrame: (frame) => {
        if (frame.type === "log") this.#take(logLine(frame.log as WireLog));
      },
    });
    return () => {
      stop();
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
    };
  }

  #take(line: LogLine): void {
    this.#arrived.push(line);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      // Judged only now: the query may have changed since they came.
      const asked = this.#arrived.splice(0).filter((arrived) => asksFor(this.#query, arrived));
      const added = this.#book.append(asked);
      if (added === 0) return;
      this.written += added;
      this.version++;
    });
  }

  /** Fetches the page before the oldest line; answers how many lines it brought. */
  async loadOlder(): Promise<number> {
    const first = this.#book.lines[0];
    if (!first || this.older === "loading" || this.older === "none") return 0;
    this.older = "loading";
    const query = this.#query;
    try {
      // Lines of the very same moment come again and are dropped; the time is rounded up so that none is left out.
      const before = new Date(Math.ceil(first.at + 0.001)).toISOString();
      const logs = logQueryToWire(this.#run, query, before);
      const page = (await api("POST /logs/filter", { body: { logs, sort: "TIMESTAMP_DESC", limit: LOG_PAGE } }))
        .map(logLine)
        .reverse();
      if (query !== this.#query) return 0;
      const added = this.#book.prepend(page);
      this.older = page.length < LOG_PAGE || added === 0 ? "none" : "maybe";
      this.version++;
      return added;
    } catch {
      if (query === this.#query) this.older = "failed";
      return 0;
    }
  }

  /** Fetches older pages until `enough` says so, or nothing is older. */
  async loadOlderUntil(enough: () => boolean): Promise<void> {
    for (let page = 0; page < MOST_PAGES && !enough() && this.older === "maybe"; page++) await this.loadOlder();
  }
}
