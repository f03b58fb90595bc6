/** What `ctx().log` is: four levels, a message, and fields that are written behind it as `name=value`. */
import { timestamp } from "./clock.ts";
import { describe, stackOf } from "./errors.ts";
import { LEVELS, type Level, type LogLine } from "./report/log-line.ts";

export type LogFields = { readonly [name: string]: unknown };

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Where lines come from. */
export interface LogOrigin {
  name: string;
  flowRunId: string;
  taskRunId: string | null;
}

export type LineSink = (line: LogLine) => void;

/** A logger for `origin` that leaves out what is below `threshold`. */
export function createLogger(origin: LogOrigin, threshold: number, sink: LineSink): Logger {
  const at = (level: Level) => (message: string, fields?: LogFields) => {
    if (LEVELS[level] < threshold) return;
    sink({
      name: origin.name,
      level: LEVELS[level],
      message: withFields(String(message), fields),
      timestamp: timestamp(),
      flow_run_id: origin.flowRunId,
      task_run_id: origin.taskRunId,
    });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** `MILLRACE_LOG_LEVEL` as a number; info where it says nothing known. */
export function logThreshold(env: { readonly [name: string]: string | undefined }): number {
  const wanted = (env.MILLRACE_LOG_LEVEL ?? "info").toLowerCase();
  return wanted in LEVELS ? LEVELS[wanted as Level] : LEVELS.info;
}

/** `fetched url=https://example.com status=200`; the stack of an error follows on lines of its own. */
export function withFields(message: string, fields: LogFields = {}): string {
  let text = message;
  const stacks: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    text += ` ${name}=${fieldText(value)}`;
    if (value instanceof Error) stacks.push(stackOf(value));
  }
  return [text, ...stacks].join("\n");
}

function fieldText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(describe(value));
  if (typeof value === "string") return value !== "" && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
  try {
    return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? String(value);
  } catch {
    return String(value);
  }
}
