/** What `npm run bench` may be told. */
import { parseArgs } from "node:util";
import { ROW_NAMES } from "./row-names.ts";

export interface BenchOptions {
  /** Another server that speaks the wire, and how it is asked. */
  against: URL | null;
  /** `user:password` or a key, for the other server. */
  auth: string | null;
  /** A fifth of the work: to see whether it runs, not to quote. */
  quick: boolean;
  json: string | null;
  /** Names of rows to measure; all when empty. */
  only: string[];
  /** Folder for the state on disk. */
  disk: string | null;
  help: boolean;
}

export const USAGE = `Usage: npm run bench -- [options]

Measures a server that it starts itself, on disk and then with its state in memory, beside what the disk and the
platform cost alone.

  --against URL   also measure another server that speaks Prefect's wire, such as http://127.0.0.1:4201/api
  --auth TEXT     its credential: user:password, or a key
  --only NAME     measure this row alone; may be repeated (${ROW_NAMES.join(", ")})
  --quick         a fifth of the work
  --json FILE     write the figures there as well
  --disk FOLDER   where the state on disk lies (dist/bench)`;

/** Reads the arguments. Throws with a sentence. */
export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      against: { type: "string" },
      auth: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      disk: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unknown = values.only.filter((name) => !ROW_NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(", ")}; there are ${ROW_NAMES.join(", ")}.`);
  return {
    against: values.against === undefined ? null : readUrl(values.against),
    auth: values.auth ?? null,
    quick: values.quick,
    json: values.json ?? null,
    only: values.only,
    disk: values.disk ?? null,
    help: values.help,
  };
}

/** An address without a path means the API where the wire's server has it. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:")
    throw new Error(`--against takes an http address such as http://127.0.0.1:4201/api, not "${text}".`);
  if (url.pathname === "/") url.pathname = "/api";
  return url;
}
