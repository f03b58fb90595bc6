import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import type { CommandSpec } from "./command.ts";
import { Problem } from "./problem.ts";

export const command: CommandSpec = {
  description: "Makes a profile the active one.",
  examples: ["millrace profile use staging"],
  positionals: ["<name>"],
  async run(call) {
    const name = call.args[0] as string;
    const profiles = await readProfiles(call.env);
    if (!profiles.profiles[name]) {
      const known = Object.keys(profiles.profiles).join(", ") || "none yet";
      throw new Problem(`There is no profile "${name}"; there are: ${known}.`, { code: "not_found", field: name });
    }
    await writeProfiles(call.env, { ...profiles, active: name });
    call.out.say(`Profile "${name}" is the active one.`);
    return undefined;
  },
};
