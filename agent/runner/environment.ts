/** The environment of a run's process: what programs need to work at all, and what the deployment asks for. */

/** Of the agent's environment these pass; anything else may be a secret of the machine. */
const PASSED: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TERM",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SYSTEMROOT",
]);

/** What a deployment may not set: it would change who the run is. */
const OURS =
  /^(MILLRACE_(API_URL|API_KEY|FLOW_RUN_ID|PROFILE)|PREFECT_(API_URL|API_KEY|API_AUTH_STRING|CLOUD_API_URL|PROFILE)|PREFECT__FLOW_RUN_ID)$/;

export interface EnvironmentOptions {
  agentEnv: NodeJS.ProcessEnv;
  /** Names that the operator lets pass as well. */
  passed: readonly string[];
  /** `env` of the job variables. */
  wanted: unknown;
}

/** What every run of such a deployment on this machine has; its own variables are added to these. */
export function runEnvironment(options: EnvironmentOptions): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.agentEnv)) {
    if (value === undefined) continue;
    if (PASSED.has(name) || name.startsWith("LC_") || options.passed.includes(name)) env[name] = value;
  }
  if (typeof options.wanted === "object" && options.wanted !== null) {
    for (const [name, value] of Object.entries(options.wanted)) {
      if (!OURS.test(name) && value !== null && typeof value !== "object") env[name] = String(value);
    }
  }
  return env;
}
