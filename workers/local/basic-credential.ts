/** An API key in the form that Prefect's `PREFECT_API_AUTH_STRING` takes. */
import { StartProblem } from "./problem.ts";

/** `mrl_<id>_<secret>` as `<id>:<secret>`. */
export function basicCredential(key: string): string {
  const [, id, secret] = /^[a-z]+_([^_]+)_(.+)$/.exec(key) ?? [];
  if (id === undefined || secret === undefined) throw new StartProblem("The server's API key has an unknown form.");
  return `${id}:${secret}`;
}
