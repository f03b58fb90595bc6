import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Forgets the key of a profile, the active one where none is named.",
  examples: ["millrace logout", "millrace logout --profile staging"],
  async run(call) {
    const profiles = await readProfiles(call.env);
    const name = call.text("profile") ?? profiles.active;
    const profile = name === undefined ? undefined : profiles.profiles[name];
    if (name === undefined || !profile)
      throw new Problem("There is no such profile.", { code: "not_found", field: "--profile" });
    delete profile.api_key;
    await writeProfiles(call.env, profiles);
    call.out.say(`The key of profile "${name}" is forgotten here. It stays valid until it is revoked on the server.`);
    return undefined;
  },
};
