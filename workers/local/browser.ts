/** Opens a page in the user's browser, where there is a user. */
import { spawn } from "node:child_process";

/** Whether somebody sits at the terminal that `npm start` was typed in. */
export const hasUser = (env: NodeJS.ProcessEnv, terminal: boolean): boolean => terminal && !env.CI;

/** Opens `url`; a machine without a browser is no problem. */
export function openBrowser(url: string): void {
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(command, [url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
