/** `millrace`: the program. */
import { VERSION } from "../sdk/version.ts";
import { dispatch } from "./dispatch.ts";
import { ROOT } from "./tree.ts";

if (/^(--version|-v|version)$/.test(process.argv[2] ?? "")) process.stdout.write(`${VERSION}\n`);
else {
  const { argv, env, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader of a pipe has enough: `millrace runs ls | head`.
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  const code = await dispatch(ROOT, { argv: argv.slice(2), env, stdout, stderr });
  // Everything is written before the end, and nothing that a flow left behind keeps the process.
  for (const stream of [stdout, stderr]) await new Promise((written) => stream.write("", written));
  process.exit(code);
}
