import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";
import { readSecret, readStdin } from "./secret.ts";
import { setSecret } from "./secrets.ts";

export const command: CommandSpec = {
  description: "Keeps a secret: asked for at the terminal, or read from standard input; never an argument.",
  examples: ["millrace secret set db-password", "millrace secret set db-password < password.txt"],
  positionals: ["<secret>"],
  async run(call) {
    const name = call.args[0] as string;
    const value = process.stdin.isTTY ? await readSecret(`${name}: `) : (await readStdin()).replace(/\r?\n$/, "");
    if (value === "") throw usage("No secret was given.", "<secret>");
    const { call: api } = await apiOf(call);
    const changed = await setSecret(api, name, value);
    call.out.say(`${changed ? "Changed" : "Kept"} the secret ${name}.`);
    call.out.record({ name }, { name }, name);
    return undefined;
  },
};
