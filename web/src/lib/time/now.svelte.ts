/** The present moment, for what counts seconds. It ticks only while something on the page reads it. */
import { createSubscriber } from "svelte/reactivity";

const tick = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** Milliseconds of now; whoever reads it in a template or an effect is told again each second. */
export function ticking(): number {
  tick();
  return Date.now();
}
