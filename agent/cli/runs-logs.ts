import type { WireLog } from "@millrace/contract/logs.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import type { Client } from "../sdk/api/connect.ts";
import { LEVELS, type Level } from "../sdk/report/log-line.ts";
import { type Api, apiOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { findRun } from "./find-run.ts";
import { levelName, logLineText } from "./log-line.ts";
import { usage } from "./problem.ts";

const PAGE = 200;

export const command: CommandSpec = {
  description: "Shows the log of a run; with -f follows it until the run ends.",
  examples: [
    "millrace runs logs 01a20db2",
    "millrace runs logs -f shaggy-tiger",
    "millrace runs logs 01a20db2 --level warn -o jsonl",
  ],
  positionals: ["<run>"],
  options: {
    follow: { type: "boolean", short: "f", description: "wait for new lines until the run ends" },
    level: {
      type: "string",
      value: "LEVEL",
      description: "at least debug, info, warn or error",
      values: ["debug", "info", "warn", "error"],
    },
  },
  async run(call) {
    const api = await apiOf(call);
    const run = await findRun(api.call, call.args[0] as string);
    const least = leastLevel(call);
    if (call.flag("follow") && !(run.state_type && isTerminal(run.state_type as StateType))) {
      return follow(call, api, run.id, least);
    }
    for await (const line of lines(api.call, run.id, least)) show(call, line);
    return EXIT_CODES.ok;
  },
};

async function follow(call: Call, { settings }: Api, id: string, least: number): Promise<number> {
  const { followRun } = await import("./follow-run.ts");
  const { interruptible } = await import("./interruptible.ts");
  return interruptible(`millrace runs logs -f ${id}`, call.out, async (signal) => {
    await followRun(settings, id, { onLog: (line) => line.level >= least && show(call, line) }, signal);
    return EXIT_CODES.ok;
  });
}

async function* lines(api: Client, id: string, least: number): AsyncGenerator<WireLog> {
  for (let offset = 0; ; offset += PAGE) {
    const page = await api("POST /logs/filter", {
      body: {
        logs: { flow_run_id: { any_: [id] }, level: { ge_: least } },
        sort: "TIMESTAMP_ASC",
        limit: PAGE,
        offset,
      },
    });
    yield* page;
    if (page.length < PAGE) return;
  }
}

function show({ out }: Call, line: WireLog): void {
  if (out.isJson) out.line(JSON.stringify(line));
  else if (out.format === "tsv")
    out.line(`${line.timestamp}\t${levelName(line.level)}\t${line.message.replaceAll("\n", "\\n")}`);
  else out.line(logLineText(line, out.colours));
}

function leastLevel(call: Call): number {
  const level = call.text("level") ?? "debug";
  if (level in LEVELS) return LEVELS[level as Level];
  throw usage(`There is no level "${level}"; there are ${Object.keys(LEVELS).join(", ")}.`, "--level");
}
