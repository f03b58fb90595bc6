/**
 * Ends what a killed server would leave behind. A shell of a megabyte waits on a pipe from the server; when the pipe
 * closes, whatever closed it, it ends the processes whose ids still lie in the folder of process ids: first politely,
 * so that an agent can end its runs, then for certain.
 *
 * GU1  A part writes its id there before it does anything, and the id is removed when the part has ended.
 * GU2  After an orderly stop nothing is left for the guardian to do.
 */
import { spawn } from "node:child_process";

/** Seconds between asking and killing; workerd does not wait, the agent has children to end. */
const GRACE = 3;

const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
left() { for file in "$1"/*; do [ -s "$file" ] && kill "-$2" "$(cat "$file")" 2>/dev/null && found=yes; done; }
found=
left "$1" TERM
[ -n "$found" ] && sleep ${GRACE}
left "$1" KILL
rm -f "$1"/*
`;

export interface Guardian {
  /** Lets it go: it ends at once when nothing is left to end. */
  end(): Promise<void>;
}

/** Starts the guardian of the processes whose ids lie in `folder`. */
export function startGuardian(folder: string): Guardian {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "millrace-guardian", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  const ended = new Promise<void>((resolve) => {
    shell.once("exit", () => resolve());
    shell.once("error", () => resolve());
  });
  shell.stdin.on("error", () => undefined);
  shell.unref();
  return {
    end() {
      shell.ref();
      shell.stdin.end();
      return ended;
    },
  };
}
