import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { workspacesOf } from "./workspaces.ts";

export const command: CommandSpec = {
  description: "Lists the workspaces that your key reaches; the one in use has a star.",
  examples: ["millrace workspace ls", "millrace workspace ls -o name"],
  async run(call) {
    const { settings } = await apiOf(call);
    const { workspaces, current } = await workspacesOf(settings);
    call.out.list({
      rows: workspaces,
      columns: {
        current: { title: "", of: (row) => (row.workspace_id === current ? "*" : "") },
        id: { title: "ID", of: (row) => row.workspace_id },
        handle: { title: "HANDLE", of: (row) => row.workspace_handle },
        name: { title: "NAME", of: (row) => row.workspace_name },
        account: { title: "ACCOUNT", of: (row) => row.account_name },
      },
      name: (row) => row.workspace_handle,
      json: (row) => ({ ...row, current: row.workspace_id === current }),
      empty: "This key reaches no workspace.",
    });
    return undefined;
  },
};
