import type { Call, CommandSpec, Names } from "./command.ts";
import { usage } from "./problem.ts";
import { SHELLS } from "./shells.ts";

/** How long the server may take to name things, in milliseconds: somebody has pressed a key. */
const BUDGET_MS = 1_500;
/** Names that are looked up, at most. */
const MOST = 100;

export const command: CommandSpec = {
  description:
    "Prints the completion of a shell: commands, options, and the names of deployments, pools, runs and profiles.",
  examples: [
    "millrace completion bash >> ~/.bashrc",
    "millrace completion zsh > ~/.zsh/completions/_millrace",
    "millrace completion fish > ~/.config/fish/completions/millrace.fish",
  ],
  positionals: ["<shell>", "[word...]"],
  async run(call) {
    const [shell, ...words] = call.args;
    // The scripts themselves ask with `millrace completion words -- …`.
    if (shell === "words") {
      const { complete } = await import("./complete.ts");
      const found = await complete(call.root, words, (kind) => namesOf(call, kind));
      for (const { word, description } of found) call.out.line(description ? `${word}\t${description}` : word);
      return undefined;
    }
    const script = SHELLS[shell as string];
    if (script === undefined) {
      throw usage(`There is no completion for "${shell}"; there are ${Object.keys(SHELLS).join(", ")}.`, "<shell>");
    }
    call.out.line(script);
    return undefined;
  },
};

async function namesOf(call: Call, kind: Names): Promise<readonly string[]> {
  if (kind === "profile") {
    const { readProfiles } = await import("../sdk/api/profiles.ts");
    return Object.keys((await readProfiles(call.env)).profiles);
  }
  const { connect } = await import("../sdk/api/connect.ts");
  const { settingsOf } = await import("./api.ts");
  const api = connect(await settingsOf(call), { budgetMs: BUDGET_MS, attemptMs: BUDGET_MS });
  if (kind === "pool") return (await api("POST /work_pools/filter", { body: {} })).map(({ name }) => name);
  if (kind === "queue") {
    const queues = await api("POST /work_queues/filter", { body: { limit: MOST } });
    return queues.map(({ work_pool_name, name }) => `${work_pool_name}/${name}`);
  }
  if (kind === "variable")
    return (await api("POST /variables/filter", { body: { limit: MOST } })).map(({ name }) => name);
  if (kind === "limit")
    return (await api("POST /v2/concurrency_limits/filter", { body: { limit: MOST } })).map(({ name }) => name);
  if (kind === "secret") {
    const { allSecrets } = await import("./secrets.ts");
    return (await allSecrets(api)).flatMap(({ name }) => name ?? []);
  }
  if (kind === "workspace") {
    const { workspacesOf } = await import("./workspaces.ts");
    return (await workspacesOf(await settingsOf(call))).workspaces.map(({ workspace_handle }) => workspace_handle);
  }
  if (kind === "run") {
    const runs = await api("POST /flow_runs/filter", { body: { sort: "EXPECTED_START_TIME_DESC", limit: MOST } });
    return runs.flatMap(({ id, name }) => [name, id]);
  }
  const deployments = await api("POST /deployments/filter", { body: { limit: MOST } });
  const ids = [...new Set(deployments.map(({ flow_id }) => flow_id))];
  const flows = await api("POST /flows/filter", { body: { flows: { id: { any_: ids } }, limit: MOST } });
  const names = new Map(flows.map(({ id, name }) => [id, name]));
  if (kind === "flow") return [...names.values()];
  return deployments.map(({ flow_id, name }) => `${names.get(flow_id)}/${name}`);
}
