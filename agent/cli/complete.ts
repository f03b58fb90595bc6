/**
 * What may stand next on a command line: commands, options, values that are known, and names that the server knows. Whatever goes
 * wrong completes to nothing: a shell that waits for a word shows no errors.
 */
import {
  COMMON_OPTIONS,
  type CommandSpec,
  type Entry,
  type Group,
  isGroup,
  type Names,
  type OptionSpec,
} from "./command.ts";

export interface Candidate {
  word: string;
  description?: string;
}

/** Looks up names of a kind. */
export type LookUp = (kind: Names) => Promise<readonly string[]>;

/** Candidates for the last of `words`, which is what was typed of it; the name of the program is not among them. */
export async function complete(root: Group, words: readonly string[], lookUp: LookUp): Promise<Candidate[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  let entry: Entry = root;
  let at = 0;
  while (isGroup(entry) && before[at] !== undefined) {
    const next: Entry | undefined = entry.commands[before[at] as string];
    if (!next) return [];
    entry = next;
    at++;
  }
  const found = isGroup(entry)
    ? Object.entries(entry.commands).map(([word, { description }]) => ({ word, description }))
    : await ofCommand((await entry.load()).command, before.slice(at), typed, lookUp);
  return found.filter(({ word }) => word.startsWith(typed));
}

async function ofCommand(
  command: CommandSpec,
  before: readonly string[],
  typed: string,
  lookUp: LookUp,
): Promise<Candidate[]> {
  const specs = { ...COMMON_OPTIONS, ...command.options };
  const awaiting = optionOf(specs, before.at(-1));
  if (awaiting?.type === "string") return named(awaiting, lookUp);
  if (typed.startsWith("-")) {
    return Object.entries(specs).map(([name, { description }]) => ({ word: `--${name}`, description }));
  }
  const { positionals = [] } = command;
  const count = before.filter(
    (word, at) => !word.startsWith("-") && optionOf(specs, before[at - 1])?.type !== "string",
  );
  const positional = positionals[count.length] ?? positionals.find((name) => name.includes("..."));
  return positional === undefined ? [] : named(POSITIONALS[positional.replace(/\W/g, "")] ?? {}, lookUp);
}

/** What is meant by a positional, by the letters of its name. */
const POSITIONALS: Readonly<Record<string, Pick<OptionSpec, "names" | "values">>> = {
  flowdeployment: { names: "deployment" },
  run: { names: "run" },
  pool: { names: "pool" },
  poolqueue: { names: "queue" },
  variable: { names: "variable" },
  secret: { names: "secret" },
  limit: { names: "limit" },
  workspace: { names: "workspace" },
  shell: { values: ["bash", "zsh", "fish"] },
  profile: { names: "profile" },
};

async function named(
  { names, values = [] }: Pick<OptionSpec, "names" | "values">,
  lookUp: LookUp,
): Promise<Candidate[]> {
  const words = names === undefined ? values : await lookUp(names).catch(() => []);
  return words.map((word) => ({ word }));
}

function optionOf(specs: Readonly<Record<string, OptionSpec>>, word: string | undefined): OptionSpec | undefined {
  if (word?.startsWith("--")) return specs[word.slice(2)];
  return word?.startsWith("-") ? Object.values(specs).find(({ short }) => word === `-${short}`) : undefined;
}
