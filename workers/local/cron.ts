/**
 * The clock that Cloudflare has and workerd lacks: calls the Worker's scheduled handler at each full minute.
 * A call that fails is said and forgotten; the next minute calls again. One at a time.
 */
import type { Control } from "./control.ts";

const MINUTE = 60_000;

/** Expressions this clock can follow. */
const EVERY_MINUTE = "* * * * *";

/** Starts the clock for the crons of wrangler.toml and returns how to stop it. */
export function startCron(control: Control, crons: readonly string[], say: (line: string) => void): () => void {
  const other = crons.find((cron) => cron !== EVERY_MINUTE);
  if (other !== undefined)
    throw new Error(`wrangler.toml has the cron "${other}"; workers/local knows "${EVERY_MINUTE}" alone.`);
  if (crons.length === 0) return () => undefined;
  let running = false;
  let timer: NodeJS.Timeout;
  const arm = () => {
    timer = setTimeout(tick, MINUTE - (Date.now() % MINUTE));
    timer.unref();
  };
  const tick = () => {
    arm();
    if (running) return;
    running = true;
    control
      .cron(EVERY_MINUTE, new Date(Math.floor(Date.now() / MINUTE) * MINUTE))
      .catch((error: unknown) => say(`the minute's work failed: ${error instanceof Error ? error.message : error}`))
      .finally(() => {
        running = false;
      });
  };
  arm();
  return () => clearTimeout(timer);
}
