/** `millrace`: the program. */
import { VERSION } from "../sdk/version.ts";
import { dispatch } from "./dispatch.ts";
import { ROOT } from "./tree.ts";

if (process.argv[2] === "--version" || process.argv[2] === "-v") process.stdout.write(`${VERSION}\n`);
else {
  const { argv, env, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader of a pipe has enough: `millrace runs ls | head`.
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  process.exitCode = await dispatch(ROOT, { argv: argv.slice(2), env, stdout, stderr });
}
