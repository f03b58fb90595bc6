/** The question before something that cannot be undone. */
import { createInterface } from "node:readline/promises";
import type { Call, OptionSpec } from "./command.ts";
import { Problem, usage } from "./problem.ts";

export const YES_OPTION: OptionSpec = { type: "boolean", short: "y", description: "ask no question before it is done" };

/** Goes on where `--yes` was said, or a person at the terminal says so; without a terminal nobody can be asked. */
export async function confirm(call: Call, question: string): Promise<void> {
  if (call.flag("yes")) return;
  if (!process.stdin.isTTY) throw usage(`${question} Nobody can be asked here: say --yes.`, "--yes");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D are a no.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(`${question} [y/N] `), ended]);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Problem("Nothing was done.", { code: "failed" });
}
