/** Our agent beside Prefect's client: as source, in a folder of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../gates/tree.ts";
import { cleanEnv } from "../support/server.ts";
import type { Tenant } from "../support/tenant.ts";

export interface RunningAgent {
  output(): string;
  /** Ends it without waiting for its runs. */
  end(): Promise<void>;
}

/** Starts `millrace agent start …` with the tenant's key and `home` as its home. */
export function startAgent(
  args: readonly string[],
  tenant: Tenant,
  home: string,
  env: Record<string, string> = {},
): RunningAgent {
  const child = spawn(process.execPath, [join(ROOT, "agent/cli/main.ts"), "agent", "start", ...args], {
    cwd: home,
    env: cleanEnv({ MILLRACE_API_URL: tenant.apiUrl, MILLRACE_API_KEY: tenant.key, HOME: home, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    output: () => output,
    end() {
      child.kill("SIGTERM");
      child.kill("SIGTERM");
      return ended;
    },
  };
}
