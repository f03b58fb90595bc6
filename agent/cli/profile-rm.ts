import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { profileOf } from "./profile-of.ts";

export const command: CommandSpec = {
  description: "Removes a profile with its key.",
  examples: ["millrace profile rm staging"],
  positionals: ["<profile>"],
  async run(call) {
    const name = call.args[0] as string;
    const all = await readProfiles(call.env);
    profileOf(all, name);
    const { active } = all;
    const { [name]: _, ...rest } = all.profiles;
    await writeProfiles(call.env, { ...(active !== undefined && active !== name && { active }), profiles: rest });
    call.out.say(`Profile "${name}" is removed.`);
    return undefined;
  },
};
