import { settingsOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { sessionOf } from "./session.ts";

export const command: CommandSpec = {
  description: "Says who you are, in which workspace, and where these settings came from.",
  examples: ["millrace whoami", "millrace whoami -o json"],
  async run(call) {
    const settings = await settingsOf(call);
    const session = await sessionOf(settings);
    call.out.record(
      {
        actor: session.actor.name,
        type: session.actor.type,
        account: session.account.name,
        workspace: session.workspace.name,
        api_url: settings.url,
        source: settings.source,
        expires: session.expires,
      },
      { ...session, source: settings.source },
      session.actor.name,
    );
    return undefined;
  },
};
