/** Runs the simulation's commands as a process of their own, which is how anybody repeats what they show. */
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Ended {
  code: number | null;
  /** Everything that it printed before the last line. */
  report: string;
  /** The last line, which is JSON. */
  summary: Record<string, unknown>;
}

/** Resolves when the command has ended. Rejects where it did not print a summary. */
export function simulate(command: "nightly.ts" | "trials.ts", ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, command), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const lines = output.trimEnd().split("\n");
      try {
        resolve({ code, report: lines.slice(0, -1).join("\n"), summary: JSON.parse(lines.at(-1) ?? "") });
      } catch {
        reject(new Error(`${command} ${args.join(" ")} ended with ${code} and no summary:\n${output}`));
      }
    });
  });
}
