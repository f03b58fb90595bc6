/**
 * `npm run example`: runs the sample flow on the server of this folder, follows it, prints its result and its page.
 * Exits with the run's own code: 0, or 10, 11, 12 where it failed, crashed, was cancelled.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const DEPLOYMENT = "hello/default";
const root = join(import.meta.dirname, "..");
const state = resolve(process.env.MILLRACE_STATE ?? join(root, ".millrace"));

interface Local {
  api_url: string;
  api_key: string;
}

function readLocal(): Local {
  const path = join(state, "local.json");
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Local;
  } catch {
    console.error(`There is no ${path}: start the server first, with \`npm start\`.`);
    process.exit(1);
  }
}

const { api_url, api_key } = readLocal();
const cli = join(root, "agent/dist/cli/main.js");
const name = process.argv[2] ?? "the mill";
const child = spawn(process.execPath, [cli, "deployment", "run", DEPLOYMENT, "-p", `name=${name}`, "--watch"], {
  stdio: "inherit",
  env: { ...process.env, MILLRACE_API_URL: api_url, MILLRACE_API_KEY: api_key },
});
// Ctrl-C reaches the command itself, which lets go of the run.
process.on("SIGINT", () => {});
child.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once("exit", (code) => process.exit(code ?? 1));
