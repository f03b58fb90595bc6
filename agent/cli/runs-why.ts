import type { WireDiagnosis } from "@millrace/contract/diagnoses.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findRun } from "./find-run.ts";
import type { Colours } from "./output.ts";
import { paintState } from "./state-colour.ts";

type Check = WireDiagnosis["checks"][number];

export const command: CommandSpec = {
  description: "Says why a run does not run, and what to do about it: checks in the order in which to mend them.",
  examples: [
    "millrace runs why 01a20db2",
    "millrace runs why shaggy-tiger -o json | jq -r .waits_for",
    "millrace runs why shaggy-tiger --fields check,verdict",
  ],
  positionals: ["<run>"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const run = await findRun(api, call.args[0] as string);
    const diagnosis = await api("GET /flow_runs/{id}/diagnosis", { params: { id: run.id } });
    const { out } = call;
    if (out.format === "json") out.json(diagnosis);
    else
      out.list({
        rows: diagnosis.checks,
        columns: {
          check: { title: "CHECK", of: ({ name }) => name },
          verdict: { title: "VERDICT", of: ({ verdict }) => verdict, paint: paintVerdict },
          message: { title: "WHAT IT FOUND", of: ({ message }) => message },
          since: { title: "SINCE", of: ({ since }) => since, moment: true },
        },
        name: ({ name }) => name,
        empty: "Nothing was checked.",
      });
    const state = paintState(run.state_name ?? "without a state", run.state_type, out.colours);
    out.say(
      `\n${run.name} ${state}. ${run.state_type && isTerminal(run.state_type as StateType) ? ended(run.id) : conclusion(diagnosis)}`,
    );
    return undefined;
  },
};

const ended = (id: string): string =>
  `It has ended: \`millrace runs logs ${id}\` shows its log, \`millrace runs retry ${id}\` runs it again.`;

/** What it waits for and what to do about it, in a sentence or two. */
export function conclusion({ checks }: Pick<WireDiagnosis, "checks">): string {
  const found = checks.find(({ verdict }) => verdict === "blocked");
  if (found) return [found.message, found.fix].filter(Boolean).join(" ");
  const asked = checks.find(({ verdict }) => verdict === "unknown");
  return asked ? `${asked.message} Ask again.` : "Nothing is in its way.";
}

const PAINT = { passed: "green", blocked: "red", unknown: "yellow" } as const;

const paintVerdict = (text: string, { verdict }: Check, colours: Colours): string => colours[PAINT[verdict]](text);
