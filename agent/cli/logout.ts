import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { Problem } from "./problem.ts";
import { profileOf } from "./profile-of.ts";

export const command: CommandSpec = {
  description: "Forgets the key of a profile, the active one where none is named.",
  examples: ["millrace logout", "millrace logout --profile staging"],
  async run(call) {
    const profiles = await readProfiles(call.env);
    const name = call.text("profile") ?? profiles.active;
    if (name === undefined) {
      throw new Problem("There is no key to forget: no profile is active here.", {
        code: "not_found",
        field: "--profile",
        fix: call.env.MILLRACE_API_KEY
          ? "The key in use is that of the variable MILLRACE_API_KEY: unset it."
          : "`millrace profile ls` lists the profiles there are.",
      });
    }
    const profile = profileOf(profiles, name);
    const known = profile.api_key !== undefined;
    delete profile.api_key;
    await writeProfiles(call.env, profiles);
    call.out.say(
      known
        ? `The key of profile "${name}" is forgotten here. It stays valid until it is revoked on the server.`
        : `Profile "${name}" has no key.`,
    );
    return undefined;
  },
};
