/** Ctrl-C while following: it lets go of the run, which goes on, and says how to come back. */
import { EXIT_CODES } from "./exit-codes.ts";
import type { Output } from "./output.ts";

export async function interruptible(
  comeBack: string,
  out: Output,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const onInterrupt = () => controller.abort(new Error("interrupted"));
  process.once("SIGINT", onInterrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    out.say(`\nThe run goes on. To follow it again: ${comeBack}`);
    return EXIT_CODES.interrupted;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}
