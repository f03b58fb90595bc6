import { readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { Problem } from "./problem.ts";
import { rootOf } from "./session.ts";
import { workspacesOf } from "./workspaces.ts";

/** How settings say that they come from a profile. */
const PROFILE = /^profile (.*)$/s;

export const command: CommandSpec = {
  description: "Makes a workspace the one that a profile works with.",
  examples: ["millrace workspace use staging", "millrace workspace use 01a213c9 --profile work"],
  positionals: ["<workspace>"],
  async run(call) {
    const meant = call.args[0] as string;
    const { settings } = await apiOf(call);
    const { workspaces } = await workspacesOf(settings);
    const named = workspaces.filter((one) => one.workspace_handle === meant || one.workspace_name === meant);
    const found = named.length > 0 ? named : workspaces.filter(({ workspace_id: id }) => id.startsWith(meant));
    const [only] = found;
    if (!only)
      throw new Problem(`Your key reaches no workspace "${meant}".`, {
        code: "not_found",
        fix: "`millrace workspace ls` lists them.",
      });
    if (found.length > 1) {
      const list = found.map((one) => `  ${one.workspace_id}  ${one.workspace_handle}`).join("\n");
      throw new Problem(`"${meant}" means several workspaces; give the id of one:\n${list}`, { code: "usage" });
    }
    const url = `${rootOf(settings.url)}/accounts/${only.account_id}/workspaces/${only.workspace_id}`;
    const profile = PROFILE.exec(settings.source)?.[1];
    if (profile === undefined)
      throw new Problem(`The server is said by ${settings.source}, not by a profile, so nothing was changed.`, {
        code: "usage",
        fix: `export MILLRACE_API_URL=${url}`,
      });
    const profiles = await readProfiles(call.env);
    profiles.profiles[profile] = { ...profiles.profiles[profile], api_url: url };
    await writeProfiles(call.env, profiles);
    call.out.say(`Profile "${profile}" works with workspace ${only.workspace_handle}.`);
    return undefined;
  },
};
