/** Runs an npm script of a workspace to its end. */
import { spawn } from "node:child_process";
import { ROOT } from "./paths.ts";

/** Lines of a failed script to show. */
const SHOWN = 30;

/** Rejects with the script's last lines when it fails. */
export function runScript(script: string, workspace: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--loglevel=error", script, "-w", workspace], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `npm run ${script} -w ${workspace} ended with ${code}:\n${output.trimEnd().split("\n").slice(-SHOWN).join("\n")}`,
          ),
        );
    });
  });
}
