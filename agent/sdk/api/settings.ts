/**
 * Where the API is and who calls: the environment first (ours, then Prefect's names), then the folder of a local server,
 * then the active profile.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SettingsError } from "../errors.ts";

export interface ApiSettings {
  /** Base of the API, without a slash at its end. */
  url: string;
  credential: Credential;
  /** Where these settings were found, for people. */
  source: string;
}

/** A key or token is sent as bearer; a pair `id:secret` as Basic. */
export type Credential = { kind: "bearer"; token: string } | { kind: "basic"; pair: string } | { kind: "none" };

export interface SettingsQuery {
  env?: NodeJS.ProcessEnv;
  /** Folder from which `.millrace/local.json` is looked for, upwards. */
  folder?: string;
  /** Name of a profile; it comes before all else. */
  profile?: string;
}

/** The first settings that are found; throws a SettingsError that says what to do where there are none. */
export async function findSettings(query: SettingsQuery = {}): Promise<ApiSettings> {
  const { env = process.env, folder = process.cwd(), profile } = query;
  const named = profile ?? env.MILLRACE_PROFILE;
  if (named) return fromProfile(named, env);
  const found = fromEnvironment(env) ?? fromLocalServer(folder);
  if (found) return found;
  const { readProfiles } = await import("./profiles.ts");
  const { active } = await readProfiles(env);
  if (active) return fromProfile(active, env);
  throw new SettingsError(
    "No Millrace API is set up here. Set MILLRACE_API_URL and MILLRACE_API_KEY, or run `millrace login`.",
  );
}

/** Settings of the environment alone; null where it names no API. */
export function fromEnvironment(env: NodeJS.ProcessEnv): ApiSettings | null {
  if (env.MILLRACE_API_URL) {
    return {
      url: checkedUrl(env.MILLRACE_API_URL, "MILLRACE_API_URL"),
      credential: env.MILLRACE_API_KEY ? { kind: "bearer", token: env.MILLRACE_API_KEY } : { kind: "none" },
      source: "MILLRACE_API_URL",
    };
  }
  if (env.PREFECT_API_URL) {
    return {
      url: checkedUrl(env.PREFECT_API_URL, "PREFECT_API_URL"),
      credential: env.PREFECT_API_KEY
        ? { kind: "bearer", token: env.PREFECT_API_KEY }
        : env.PREFECT_API_AUTH_STRING
          ? { kind: "basic", pair: env.PREFECT_API_AUTH_STRING }
          : { kind: "none" },
      source: "PREFECT_API_URL",
    };
  }
  return null;
}

/**
 * The server that runs in this folder or one above it. Its file is taken only when it is this user's and closed to all
 * others: a file that came with somebody's repository must not say where code and parameters are sent.
 */
export function fromLocalServer(folder: string): ApiSettings | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, ".millrace", "local.json");
    const settings = readLocal(path);
    if (settings) return settings;
    if (dirname(at) === at) return null;
  }
}

function readLocal(path: string): ApiSettings | null {
  try {
    const { mode, uid } = statSync(path);
    if (process.platform !== "win32" && ((mode & 0o077) !== 0 || uid !== process.getuid?.())) return null;
    const local = JSON.parse(readFileSync(path, "utf8")) as { api_url?: unknown; api_key?: unknown };
    if (typeof local.api_url !== "string" || typeof local.api_key !== "string") return null;
    return { url: checkedUrl(local.api_url, path), credential: { kind: "bearer", token: local.api_key }, source: path };
  } catch {
    return null;
  }
}

async function fromProfile(name: string, env: NodeJS.ProcessEnv): Promise<ApiSettings> {
  const { readProfiles, profilesPath } = await import("./profiles.ts");
  const { profiles } = await readProfiles(env);
  const profile = profiles[name];
  if (!profile) {
    const known = Object.keys(profiles).join(", ") || "none yet";
    throw new SettingsError(`There is no profile "${name}" in ${profilesPath(env)}; there are: ${known}.`);
  }
  return {
    url: checkedUrl(profile.api_url, `profile ${name}`),
    credential: profile.api_key ? { kind: "bearer", token: profile.api_key } : { kind: "none" },
    source: `profile ${name}`,
  };
}

/** A base URL as it is used, of a server's address too; throws where `text`, which came from `source`, is none. */
export function checkedUrl(text: string, source: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new SettingsError(`${source}: "${text}" is no URL. Write it like https://example.com/api.`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new SettingsError(`${source}: "${text}" must begin with http:// or https://.`);
  }
  return url.pathname === "/" ? `${url.origin}/api` : text.replace(/\/+$/, "");
}
