/** Profiles: `~/.config/millrace/profiles.toml`, readable by its owner alone, written whole or not at all. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "smol-toml";
import { SettingsError } from "../errors.ts";

export interface Profile {
  api_url: string;
  api_key?: string;
}

export interface Profiles {
  active?: string;
  profiles: Record<string, Profile>;
}

/** The folder of all settings: `MILLRACE_CONFIG_HOME`, or the system's own place. */
export const configFolder = (env: NodeJS.ProcessEnv): string =>
  env.MILLRACE_CONFIG_HOME ?? join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), ".config"), "millrace");

export const profilesPath = (env: NodeJS.ProcessEnv): string => join(configFolder(env), "profiles.toml");

export async function readProfiles(env: NodeJS.ProcessEnv): Promise<Profiles> {
  const path = profilesPath(env);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { profiles: {} };
    throw new SettingsError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    const { active, profiles } = parse(text) as { active?: unknown; profiles?: Record<string, Partial<Profile>> };
    const valid = Object.entries(profiles ?? {}).filter(
      (entry): entry is [string, Profile] => typeof entry[1]?.api_url === "string",
    );
    return { ...(typeof active === "string" && { active }), profiles: Object.fromEntries(valid) };
  } catch (error) {
    throw new SettingsError(`${path} is no valid TOML: ${(error as Error).message}`);
  }
}

export async function writeProfiles(env: NodeJS.ProcessEnv, profiles: Profiles): Promise<void> {
  const path = profilesPath(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, stringify(profiles), { mode: 0o600, flag: "w" });
  await rename(unfinished, path);
}
