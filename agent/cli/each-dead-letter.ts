/** One action over the dead letters of several runs. */
import type { Call } from "./command.ts";
import { eachRun } from "./each-run.ts";

export const eachDeadLetter = (call: Call, act: "replay" | "drop"): Promise<number> =>
  eachRun(
    call,
    async (run, { call: api }) => {
      const { status } = await api(`POST /dead_letters/{id}/${act}`, { params: { id: run.id } });
      return { id: run.id, name: run.name, state: run.state_name ?? null, note: status.toLowerCase() };
    },
    { verb: act === "drop" ? "Drop the dead letters of" : "Send again" },
  );
