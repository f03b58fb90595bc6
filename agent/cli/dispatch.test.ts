import { expect, test } from "vitest";
import type { CommandSpec, Entry, Group } from "./command.ts";
import { isGroup } from "./command.ts";
import { dispatch } from "./dispatch.ts";
import { toProblem } from "./problem.ts";
import { ROOT } from "./tree.ts";

const echo: CommandSpec = {
  description: "Says what it was given.",
  examples: ["millrace echo x"],
  positionals: ["<what>", "[more...]"],
  options: {
    times: { type: "string", description: "how often", env: "TIMES" },
    tag: { type: "string", multiple: true, description: "a tag" },
    loud: { type: "boolean", short: "l", description: "loudly" },
  },
  async run({ args, out, text, texts, flag, count }) {
    out.line(
      JSON.stringify({
        args,
        times: count("times", 1),
        tags: texts("tag"),
        loud: flag("loud"),
        output: text("output"),
      }),
    );
    return 7;
  },
};
const tree: Group = {
  description: "a tree",
  commands: {
    echo: { description: "says it", load: async () => ({ command: echo }) },
    runs: { description: "runs", commands: { ls: { description: "lists", load: async () => ({ command: echo }) } } },
  },
};

async function call(root: Group, argv: string[], env: NodeJS.ProcessEnv = {}) {
  const printed = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const code = await dispatch(root, {
    argv,
    env,
    stdout: sink("stdout"),
    stderr: sink("stderr"),
  });
  return { code, ...printed };
}

test("[CL1] a command gets its arguments, options may be repeated, and variables stand in for options", async () => {
  const argv = ["echo", "a", "-l", "--tag", "x", "b", "--tag=y", "-o", "json"];
  const { code, stdout } = await call(tree, argv, { TIMES: "3" });
  expect(code).toBe(7);
  expect(JSON.parse(stdout)).toEqual({ args: ["a", "b"], times: 3, tags: ["x", "y"], loud: true, output: "json" });
  expect(JSON.parse((await call(tree, ["echo", "a", "--times", "5"], { TIMES: "3" })).stdout).times).toBe(5);
});

test.each([
  [["ehco", "x"], "There is no command `millrace ehco`. Did you mean `millrace echo`?"],
  [["runs", "lst"], "Did you mean `millrace runs ls`?"],
  [["zzzzzz"], "There are echo, runs."],
  [["echo", "x", "--tmies", "1"], "`millrace echo` has no option --tmies. Did you mean --times?"],
  [["echo"], "`millrace echo` needs <what>."],
  [["echo", "x", "--times", "0"], "--times must be a whole number of 1 or more"],
  [["echo", "x", "--times"], "--times"],
  [["echo", "x", "--times", "-1"], "--times needs a value.\nWrite --times=VALUE where the value begins with a dash."],
  [["echo", "x", "--loud=yes"], "--loud takes no value."],
  [["echo", "x", "-o", "xml"], 'There is no output format "xml"'],
  [["runs", "--all"], "needs a command before --all"],
])("[CL2] a mistake in the call is told with what to write instead, exit code 2: %j", async (argv, sentence) => {
  const { code, stderr, stdout } = await call(tree, argv);
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
  expect(stdout).toBe("");
});

test("[CL2] with -o json a mistake is an object on stdout, wherever the option stands", async () => {
  const { code, stdout, stderr } = await call(tree, ["echo", "x", "--tmies", "-o", "json"]);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: "usage", message: expect.any(String), field: "--tmies", fix: "--times" },
  });
  expect(stderr).toBe("");
});

test("[CL1] options of every command may stand before it, and --json is -o json", async () => {
  const { stdout } = await call(tree, ["-o", "json", "--quiet", "echo", "a"]);
  expect(JSON.parse(stdout)).toMatchObject({ args: ["a"], output: "json" });
  const { code, stdout: problem } = await call(tree, ["--json", "runs", "nonsense"]);
  expect([code, JSON.parse(problem).error.code]).toEqual([2, "usage"]);
});

test("[CL3] help shows examples first, and a group its commands", async () => {
  const { code, stdout } = await call(tree, ["echo", "--help"]);
  expect(code).toBe(0);
  expect(stdout.indexOf("millrace echo x")).toBeLessThan(
    stdout.indexOf("Usage: millrace echo <what> [more...] [options]"),
  );
  expect((await call(tree, ["runs", "--help"])).stdout).toContain("  ls  lists");
  expect((await call(tree, ["help", "echo"])).stdout).toBe(stdout);
  expect((await call(tree, [])).code).toBe(0);
  expect((await call(tree, ["runs"])).code).toBe(2);
});

test("[CL3] every command can be loaded, has examples that call it, and tells of itself", async () => {
  const commands: [string[], Entry][] = Object.entries(ROOT.commands).map(([name, entry]) => [[name], entry]);
  for (const [path, entry] of commands) {
    if (isGroup(entry)) {
      commands.push(
        ...Object.entries(entry.commands).map(([name, child]): [string[], Entry] => [[...path, name], child]),
      );
      continue;
    }
    const { command } = await entry.load();
    for (const example of command.examples) expect(example).toContain(`millrace ${path.join(" ")}`);
    expect((await call(ROOT, [...path, "--help"])).code).toBe(0);
  }
  expect(commands.length).toBeGreaterThan(20);
});

test("[CL4] an error that nobody foresaw is a failure with its message, exit code 1", () => {
  expect(toProblem(new RangeError("odd"))).toMatchObject({ code: "failed", message: "RangeError: odd", exitCode: 1 });
  const foreign = Object.assign(new Error("x"), { name: "ApiError", status: 401, detail: "This key is not valid." });
  expect(toProblem(foreign)).toMatchObject({ code: "auth", message: "This key is not valid.", exitCode: 4 });
  const page = Object.assign(new Error("x"), { name: "ApiError", status: 404, detail: "<!doctype html><html>" });
  expect(toProblem(page)).toMatchObject({ code: "usage", message: expect.stringContaining("no API") });
  expect(toProblem("text")).toMatchObject({ message: "text" });
});
