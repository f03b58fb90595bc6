/**
 * `npm start`: the whole service on this machine until a signal ends it.
 * Exit codes: 0 ended by a signal in order, 1 could not start or go on, 2 asked for wrongly.
 */

import { basicCredential } from "./basic-credential.ts";
import { hasUser, openBrowser } from "./browser.ts";
import { greeting } from "./greeting.ts";
import { readOptions, USAGE } from "./options.ts";
import { StartProblem } from "./problem.ts";
import { startService } from "./service.ts";
import { Teardown } from "./teardown.ts";

const say = (line: string) => console.log(line);
const complain = (line: string) => console.error(line);

const teardown = new Teardown();

/** Milliseconds in which a second signal is the first one again: Ctrl-C reaches us from the terminal and through npm. */
const ECHO = 500;

async function end(code: number): Promise<never> {
  await teardown.run(complain);
  process.exit(code);
}

let asked: number | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    const now = performance.now();
    if (asked === null) {
      asked = now;
      if (signal === "SIGINT") say("ending (again to end at once)");
      void end(0);
    } else if (now - asked > ECHO) {
      // Whoever asks twice does not wait: the guardian ends what is left.
      process.exit(1);
    }
  });
}

try {
  const options = readOptions(process.argv.slice(2), process.env, process.cwd());
  if (options.help) {
    say(USAGE);
    process.exit(0);
  }
  const local = await startService(options, teardown, say);
  for (const line of greeting(local, options.state, basicCredential(local.api_key))) say(line);
  say(`ready ${local.url}`);
  if (options.open && hasUser(process.env, process.stdout.isTTY === true)) openBrowser(local.url);
} catch (error) {
  complain(error instanceof StartProblem ? error.message : String(error instanceof Error ? error.stack : error));
  await end(error instanceof StartProblem ? error.exitCode : 1);
}
