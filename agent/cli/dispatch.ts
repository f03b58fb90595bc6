/** From the command line to a command: finds it, parses its arguments, runs it, and turns what it throws into an exit code. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  type Call,
  COMMON_OPTIONS,
  type CommandSpec,
  type Entry,
  type Group,
  isGroup,
  type OptionSpec,
} from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { commandHelp, groupHelp } from "./help.ts";
import { Output, type Sink } from "./output.ts";
import { type Problem, toProblem, usage } from "./problem.ts";
import { suggest } from "./suggest.ts";

export interface Terminal {
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  stdout: Sink;
  stderr: Sink;
}

export async function dispatch(root: Group, terminal: Terminal): Promise<number> {
  const { argv, env, stdout, stderr } = terminal;
  try {
    const { path, entry, rest } = find(root, commandFirst(argv));
    if (isGroup(entry)) return showGroup(path, entry, rest, stdout);
    const { command } = await entry.load();
    const given = parse(command, path, rest);
    if (given.values.help) {
      stdout.write(`${commandHelp(path, command)}\n`);
      return EXIT_CODES.ok;
    }
    const call = toCall(root, command, given, terminal);
    checkPositionals(command, path, call.args);
    return (await command.run(call)) ?? EXIT_CODES.ok;
  } catch (error) {
    const problem = toProblem(error);
    report(problem, { json: wantsJson(argv), stdout, stderr, env });
    return problem.exitCode;
  }
}

/**
 * The words of a call as they are read: `millrace help runs ls` asks for help, and options of every command may stand before it, as
 * in `millrace --profile staging runs ls`.
 */
function commandFirst(argv: readonly string[]): readonly string[] {
  if (argv[0] === "help") return [...argv.slice(1), "--help"];
  let at = 0;
  while (at < argv.length) {
    const spec = commonOption(argv[at] as string);
    if (!spec) break;
    at += spec.type === "string" && !/^--[^=]+=/.test(argv[at] as string) ? 2 : 1;
  }
  const before = argv.slice(0, at);
  const isCall = argv.slice(at).length > 0;
  return isCall ? [...argv.slice(at), ...before] : argv;
}

function commonOption(word: string): OptionSpec | undefined {
  const long = /^--([^=]+)/.exec(word)?.[1];
  if (long !== undefined) return COMMON_OPTIONS[long];
  return Object.values(COMMON_OPTIONS).find(({ short }) => short !== undefined && word === `-${short}`);
}

interface Found {
  path: string[];
  entry: Entry;
  rest: readonly string[];
}

function find(root: Group, argv: readonly string[]): Found {
  const path = ["millrace"];
  let entry: Entry = root;
  let at = 0;
  while (isGroup(entry)) {
    const word = argv[at];
    if (word === undefined || word.startsWith("-")) break;
    const next: Entry | undefined = entry.commands[word];
    if (!next) {
      const known = Object.keys(entry.commands);
      const near = suggest(word, known);
      const hint = near ? `Did you mean \`${[...path, near].join(" ")}\`?` : `There are ${known.join(", ")}.`;
      throw usage(
        `There is no command \`${[...path, word].join(" ")}\`. ${hint}`,
        word,
        near ? [...path, near].join(" ") : undefined,
      );
    }
    path.push(word);
    entry = next;
    at++;
  }
  return { path, entry, rest: argv.slice(at) };
}

function showGroup(path: string[], group: Group, rest: readonly string[], stdout: Sink): number {
  const known = ["--help", "-h"];
  const odd = rest.find((word) => !known.includes(word));
  if (odd !== undefined) throw usage(`\`${path.join(" ")}\` needs a command before ${odd}.`, odd);
  stdout.write(`${groupHelp(path, group)}\n`);
  return rest.length > 0 || path.length === 1 ? EXIT_CODES.ok : EXIT_CODES.usage;
}

interface Given {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
}

function parse(command: CommandSpec, path: readonly string[], args: readonly string[]): Given {
  const specs = { ...COMMON_OPTIONS, ...command.options };
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type, short, multiple = false }] of Object.entries(specs)) {
    options[name] = { type, multiple, ...(short !== undefined && { short }) };
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as Given;
  } catch (error) {
    throw misuse(error as NodeJS.ErrnoException, specs, path);
  }
}

function misuse(error: NodeJS.ErrnoException, specs: Record<string, OptionSpec>, path: readonly string[]): Problem {
  const option = /'(-[^' ]*)/.exec(error.message)?.[1] ?? "";
  if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const near = suggest(option.replace(/^-+/, ""), Object.keys(specs));
    const hint = near ? `Did you mean --${near}?` : `\`${path.join(" ")} --help\` shows the options there are.`;
    return usage(`\`${path.join(" ")}\` has no option ${option}. ${hint}`, option, near ? `--${near}` : undefined);
  }
  const name = /--([\w-]+)/.exec(error.message)?.[1] ?? "";
  const spec = specs[name];
  if (spec?.type === "boolean") return usage(`--${name} takes no value.`, `--${name}`);
  if (spec) {
    const dashed = `Write --${name}=VALUE where the value begins with a dash.`;
    return usage(`--${name} needs a value.`, `--${name}`, /ambiguous/.test(error.message) ? dashed : undefined);
  }
  return usage(error.message.split(". ")[0] ?? error.message, option || undefined);
}

function toCall(root: Group, command: CommandSpec, given: Given, { env, stdout, stderr }: Terminal): Call {
  const specs = { ...COMMON_OPTIONS, ...command.options };
  const text = (name: string): string | undefined => {
    const value = given.values[name];
    if (typeof value === "string") return value;
    const variable = specs[name]?.env;
    return variable === undefined ? undefined : env[variable];
  };
  const flag = (name: string): boolean =>
    given.values[name] === true || Boolean(specs[name]?.env && env[specs[name].env]);
  return {
    root,
    args: given.positionals,
    env,
    text,
    flag,
    texts: (name) => (given.values[name] as string[] | undefined) ?? [],
    count: (name, least) => {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^\d+$/.test(value) || Number(value) < least) {
        throw usage(`--${name} must be a whole number of ${least} or more, not "${value}".`, `--${name}`);
      }
      return Number(value);
    },
    out: new Output({
      stdout,
      stderr,
      format: text("output") ?? (flag("json") ? "json" : undefined),
      fields: text("fields"),
      quiet: flag("quiet"),
      colour: !flag("no-color"),
    }),
  };
}

function checkPositionals({ positionals = [] }: CommandSpec, path: readonly string[], args: readonly string[]): void {
  const needed = positionals.filter((name) => name.startsWith("<"));
  const missing = needed[args.length];
  if (missing !== undefined) throw usage(`\`${path.join(" ")}\` needs ${missing}.`, missing);
  const many = positionals.some((name) => name.includes("..."));
  const extra = args[positionals.length];
  if (!many && extra !== undefined) throw usage(`\`${path.join(" ")}\` does not take "${extra}".`, extra);
}

/** Known before anything is parsed, so that mistakes in the call itself are told in the format that was asked for. */
const wantsJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, at) =>
      /^(--json|(-o|--output=)jsonl?)$/.test(word) ||
      ((word === "-o" || word === "--output") && /^jsonl?$/.test(argv[at + 1] ?? "")),
  );

function report(
  problem: Problem,
  { json, stdout, stderr, env }: { json: boolean; stdout: Sink; stderr: Sink; env: NodeJS.ProcessEnv },
): void {
  if (json) {
    stdout.write(`${JSON.stringify(problem)}\n`);
    return;
  }
  const red = stderr.isTTY && !env.NO_COLOR ? (text: string) => `\u001b[31m${text}\u001b[39m` : (text: string) => text;
  stderr.write(
    `${red("Error:")} ${problem.message}\n${problem.fix && !problem.message.includes(problem.fix) ? `${problem.fix}\n` : ""}`,
  );
}
