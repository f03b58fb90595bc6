/**
 * How commands are declared. A group names its commands and loads a command's file only when it is called, so that help and
 * mistakes cost no more than this file; `node:util` parses the arguments.
 */
import type { Output } from "./output.ts";

export interface OptionSpec {
  type: "string" | "boolean";
  short?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** What stands for its value in the help. */
  value?: string;
  description: string;
  /** A variable of the environment that says the same. */
  env?: string;
  /** What a shell completes it with: the words there are, or names of a kind. */
  values?: readonly string[];
  names?: Names;
}

/** Kinds of names that a server, or the file of profiles, knows. */
export type Names =
  | "deployment"
  | "flow"
  | "limit"
  | "pool"
  | "profile"
  | "queue"
  | "run"
  | "secret"
  | "variable"
  | "workspace";

export interface CommandSpec {
  description: string;
  /** Shown first in the help. */
  examples: readonly string[];
  /** `<run>` is needed, `[file...]` takes any number. */
  positionals?: readonly string[];
  options?: Readonly<Record<string, OptionSpec>>;
  run(call: Call): Promise<number | undefined>;
}

/** A call of a command: what was given, read by the type that the command expects. */
export interface Call {
  /** The tree in which the command was found. */
  root: Group;
  args: readonly string[];
  out: Output;
  env: NodeJS.ProcessEnv;
  /** The value of a text option, of the flag or else of its variable. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number from `least`; a usage problem where it is none. */
  count(name: string, least: number): number | undefined;
}

export interface Group {
  description: string;
  commands: Readonly<Record<string, Entry>>;
}

/** A command by its file, or a group of commands. */
export type Entry = { description: string; load: () => Promise<{ command: CommandSpec }> } | Group;

export const isGroup = (entry: Entry): entry is Group => "commands" in entry;

/** Options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  output: {
    type: "string",
    short: "o",
    value: "FORMAT",
    description: "table, tsv, json, jsonl or name",
    values: ["table", "tsv", "json", "jsonl", "name"],
  },
  json: { type: "boolean", description: "the same as -o json" },
  fields: { type: "string", value: "A,B", description: "the columns to show, in this order" },
  profile: {
    type: "string",
    value: "NAME",
    description: "the profile to use",
    env: "MILLRACE_PROFILE",
    names: "profile",
  },
  quiet: { type: "boolean", short: "q", description: "say nothing but the result" },
  "no-color": { type: "boolean", description: "no colours", env: "NO_COLOR" },
  help: { type: "boolean", short: "h", description: "this text" },
};
