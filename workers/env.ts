/** What the Worker is given by the platform: bindings of wrangler.toml, and secrets. */
import type { ObjectEnv } from "../durable-objects/env.ts";

export interface Env extends ObjectEnv {
  DIRECTORY: D1Database;
  /** The web app; absent where only the API is served. */
  WEB?: Fetcher;
  /** Secret under which API keys are hashed and their checksums and the checks in run ids are made. */
  KEY_PEPPER: string;
  /** The keys that wrap the workspaces' own (secrets/vault.ts), as a JSON list of `{kid, k}`, newest first. */
  SECRETS_KEYS: string;
  /** Secret for which the first owner gets a key, once (auth/bootstrap.ts). Set where no host of the server can ask for one. */
  BOOTSTRAP_SECRET?: string;
  /** Networks, with commas between, of proxies that say in X-Forwarded-For who asks them. */
  TRUSTED_PROXIES?: string;
  /** "1": whoever sits at this machine may sign in as its owner with one click. Set only by a server bound to loopback. */
  LOCAL_SIGN_IN?: string;
}
