/**
 * `npm run cloud-secrets`: makes the secrets of a Worker on Cloudflare, as `wrangler secret bulk` takes them. A file that is there is
 * never written over: it may be the only copy of a pepper that keys depend on.
 */
import { existsSync } from "node:fs";
import { writePrivately } from "./private-file.ts";
import { StartProblem } from "./problem.ts";
import { makeSecrets, randomText } from "./secrets.ts";

const FILE = "cloud-secrets.json";

export function writeCloudSecrets(file: string): void {
  if (existsSync(file)) throw new StartProblem(`${file} is there already, and is not written over.`);
  const { keyPepper, signingKeys, secretsKeys } = makeSecrets();
  const secrets = {
    KEY_PEPPER: keyPepper,
    SIGNING_KEYS: JSON.stringify(signingKeys),
    SECRETS_KEYS: JSON.stringify(secretsKeys),
    BOOTSTRAP_SECRET: randomText(),
  };
  writePrivately(file, `${JSON.stringify(secrets, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    writeCloudSecrets(FILE);
    process.stdout.write(`The secrets are in ${FILE}. Next: npx wrangler secret bulk ${FILE}\n`);
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
