/**
 * Every line of a run, oldest first, in pages of the wire. The cursor is a time and how many lines of that very time were had:
 * it costs the same on the thousandth page as on the first, and many lines of one moment lose none.
 */
import type { WireLog } from "@millrace/contract/logs.ts";
import { LOG_PAGE } from "./log-query.ts";

export interface LogCursor {
  /** Inclusive; null: from the beginning. */
  after: string | null;
  skip: number;
}

export async function* wholeLog(
  fetchPage: (cursor: LogCursor, limit: number) => Promise<WireLog[]>,
): AsyncGenerator<WireLog[]> {
  let cursor: LogCursor = { after: null, skip: 0 };
  for (;;) {
    const page = await fetchPage(cursor, LOG_PAGE);
    if (page.length > 0) yield page;
    if (page.length < LOG_PAGE) return;
    const after = page.at(-1)!.timestamp;
    const same = page.filter(({ timestamp }) => timestamp === after).length;
    cursor = { after, skip: after === cursor.after ? cursor.skip + page.length : same };
  }
}
