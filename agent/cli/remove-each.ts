/** Removing several things by their names: one question for all, and each is told of. */
import { type Api, apiOf } from "./api.ts";
import type { Call } from "./command.ts";
import { confirm } from "./confirm.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { toProblem } from "./problem.ts";

export async function removeEach(
  call: Call,
  kind: string,
  names: readonly string[],
  remove: (name: string, api: Api) => Promise<unknown>,
): Promise<number> {
  const api = await apiOf(call);
  await confirm(call, `Remove ${names.length === 1 ? `the ${kind} ${names[0]}` : `${names.length} ${kind}s`}?`);
  let code: number = EXIT_CODES.ok;
  const done: { name: string }[] = [];
  for (const name of names) {
    try {
      await remove(name, api);
      done.push({ name });
    } catch (error) {
      const problem = toProblem(error);
      call.out.complain(`${name}: ${problem.message}`);
      if (code === EXIT_CODES.ok) code = problem.exitCode;
    }
  }
  call.out.list({
    rows: done,
    columns: { name: { title: "REMOVED", of: (row) => row.name } },
    name: (row) => row.name,
    empty: "Nothing was removed.",
  });
  return code;
}
