import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Removes a profile with its key.",
  examples: ["millrace profile rm staging"],
  positionals: ["<name>"],
  async run(call) {
    const name = call.args[0] as string;
    const { active, profiles } = await readProfiles(call.env);
    if (!profiles[name]) throw new Problem(`There is no profile "${name}".`, { code: "not_found", field: name });
    const { [name]: _, ...rest } = profiles;
    await writeProfiles(call.env, { ...(active !== undefined && active !== name && { active }), profiles: rest });
    call.out.say(`Profile "${name}" is removed.`);
    return undefined;
  },
};
