import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { profileOf } from "./profile-of.ts";

export const command: CommandSpec = {
  description: "Makes a profile the active one.",
  examples: ["millrace profile use staging"],
  positionals: ["<profile>"],
  async run(call) {
    const name = call.args[0] as string;
    const profiles = await readProfiles(call.env);
    profileOf(profiles, name);
    await writeProfiles(call.env, { ...profiles, active: name });
    call.out.say(`Profile "${name}" is the active one.`);
    return undefined;
  },
};
