/** Which lines of a run's log are asked for. It lives in the page's address beside the tab and the task. */
import type { LogLine } from "./log-book.ts";

export const LEVELS = [
  { least: 0, words: "All levels" },
  { least: 20, words: "Info and up" },
  { least: 30, words: "Warnings and up" },
  { least: 40, words: "Errors only" },
] as const;
export type LeastLevel = (typeof LEVELS)[number]["least"];

export interface LogQuery {
  level: LeastLevel;
  /** One task run's lines only. */
  task: string | null;
}

/** Lines of one call: the most that the wire gives. */
export const LOG_PAGE = 200;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function parseLogQuery(search: URLSearchParams): LogQuery {
  const level = LEVELS.find(({ least }) => String(least) === search.get("level"))?.least ?? 0;
  const task = search.get("task");
  return { level, task: task && UUID.test(task) ? task.toLowerCase() : null };
}

/** The wire's filter for a run's lines. */
export const logQueryToWire = (run: string, { level, task }: LogQuery, before: string | null = null) => ({
  flow_run_id: { any_: [run] },
  ...(level > 0 ? { level: { ge_: level } } : {}),
  ...(task ? { task_run_id: { any_: [task] } } : {}),
  ...(before ? { timestamp: { before_: before } } : {}),
});

/** Whether a live line belongs to what was asked for. */
export const asksFor = (query: LogQuery, line: LogLine): boolean =>
  line.level >= query.level && (query.task === null || line.task === query.task);
