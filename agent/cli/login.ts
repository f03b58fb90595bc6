import { profilesPath, readProfiles, writeProfiles } from "../sdk/api/profiles.ts";
import { fromLocalServer } from "../sdk/api/settings.ts";
import { exposure } from "../sdk/api/trust.ts";
import type { Call, CommandSpec } from "./command.ts";
import { Problem, usage } from "./problem.ts";
import { readSecret, readStdin } from "./secret.ts";
import { rootOf, sessionOf } from "./session.ts";

export const command: CommandSpec = {
  description: "Connects to a server: checks an API key and keeps it in a profile that only you can read.",
  examples: [
    "millrace login --url https://millrace.example.com",
    "millrace login --url https://millrace.example.com --with-token < key.txt",
    "millrace login --profile local       a server that runs in this folder needs no key",
  ],
  options: {
    url: { type: "string", value: "URL", description: "the server", env: "MILLRACE_API_URL" },
    "with-token": { type: "boolean", description: "read the key from standard input" },
  },
  async run(call) {
    const { out, env } = call;
    const { url, key } = await whereAndWho(call);
    const settings = { url, credential: { kind: "bearer", token: key } } as const;
    const exposed = exposure(settings);
    if (exposed) out.complain(exposed);
    const session = await sessionOf(settings);
    const name = call.text("profile") ?? "default";
    const profiles = await readProfiles(env);
    profiles.profiles[name] = { api_url: session.api_url, api_key: key };
    profiles.active = name;
    await writeProfiles(env, profiles);
    out.say(
      `Signed in as ${session.actor.name} to workspace ${session.workspace.name}; kept as profile "${name}" in ${profilesPath(env)}.`,
    );
    out.record(
      { profile: name, actor: session.actor.name, workspace: session.workspace.name, api_url: session.api_url },
      {
        profile: name,
        actor: session.actor,
        account: session.account,
        workspace: session.workspace,
        api_url: session.api_url,
      },
      name,
    );
    return undefined;
  },
};

async function whereAndWho(call: Call): Promise<{ url: string; key: string }> {
  const { env } = call;
  const given = call.text("url");
  const local = given === undefined && !call.flag("with-token") ? fromLocalServer(process.cwd()) : null;
  if (local?.credential.kind === "bearer") return { url: rootOf(local.url), key: local.credential.token };
  if (given === undefined) throw usage("Which server?", "--url", "millrace login --url https://millrace.example.com");
  const url = rootOf(given);
  if (call.flag("with-token")) return { url, key: nonEmpty((await readStdin()).trim()) };
  if (env.MILLRACE_API_KEY) return { url, key: env.MILLRACE_API_KEY };
  if (!process.stdin.isTTY)
    throw usage("Standard input is no terminal: give the key with --with-token.", "--with-token");
  return { url, key: nonEmpty((await readSecret(`API key for ${new URL(url).host}: `)).trim()) };
}

function nonEmpty(key: string): string {
  if (key === "") throw new Problem("No key was given.", { code: "usage", field: "--with-token" });
  return key;
}
