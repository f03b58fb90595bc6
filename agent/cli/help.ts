/** The help texts: examples first, then what there is. */
import { COMMON_OPTIONS, type CommandSpec, type Group, type OptionSpec } from "./command.ts";

export function groupHelp(path: readonly string[], group: Group): string {
  const names = Object.keys(group.commands);
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(group.commands).map(
    ([name, { description }]) => `  ${name.padEnd(width)}  ${description}`,
  );
  return [
    group.description,
    "",
    "Commands",
    ...lines,
    "",
    `\`${path.join(" ")} <command> --help\` says more about one.`,
  ].join("\n");
}

export function commandHelp(path: readonly string[], spec: CommandSpec): string {
  const own = Object.entries(spec.options ?? {});
  const call = [...path, ...(spec.positionals ?? []), ...(own.length > 0 ? ["[options]"] : [])].join(" ");
  return [
    spec.description,
    "",
    "Examples",
    ...spec.examples.map((example) => `  ${example}`),
    "",
    `Usage: ${call}`,
    ...(own.length > 0 ? ["", "Options", ...optionLines(own)] : []),
    "",
    "Options of every command",
    ...optionLines(Object.entries(COMMON_OPTIONS)),
  ].join("\n");
}

function optionLines(options: readonly (readonly [string, OptionSpec])[]): string[] {
  const heads = options.map(([name, { short, value, type }]) => {
    const flags = short ? `-${short}, --${name}` : `    --${name}`;
    return type === "string" ? `${flags} ${value ?? "TEXT"}` : flags;
  });
  const width = Math.max(...heads.map((head) => head.length));
  return options.map(([, { description, env, multiple }], at) => {
    const notes = [multiple ? "may be repeated" : "", env ? env : ""].filter(Boolean);
    return `  ${heads[at]!.padEnd(width)}  ${description}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
  });
}
