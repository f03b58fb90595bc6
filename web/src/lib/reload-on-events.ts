/**
 * Keeps a page true that is about things, not runs: when the workspace tells of one of these things, the page is loaded anew. Events
 * come in swarms, so it is at most every PAUSE; without events nothing is asked.
 */
import { invalidate } from "$app/navigation";
import { navigating } from "$app/state";
import { connection } from "./live.svelte.ts";

/** Milliseconds between two loads. */
const PAUSE = 2000;

/** Follows events whose names begin so, until the answer is called; each makes what depends on `key` load again. */
export const reloadOnEvents = (prefixes: readonly string[], key: string): (() => void) =>
  onEvents(prefixes, () => void reload(key));

/** Loads again, but not while the reader is on the way to another page: a load of this one would call that way off. */
async function reload(key: string): Promise<void> {
  await navigating.complete?.catch(() => {});
  await invalidate(key);
}

/** The same, for what is not loaded with the page. */
export function onEvents(prefixes: readonly string[], act: () => void): () => void {
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (): void => {
    timer ??= setTimeout(
      () => {
        last = Date.now();
        timer = undefined;
        act();
      },
      Math.max(0, last + PAUSE - Date.now()),
    );
  };
  const stop = connection.listen({
    path: "/events/out",
    onReady: (send, again) => {
      send({ type: "filter", filter: { event: { prefix: [...prefixes] } }, backfill: false });
      if (again) soon();
    },
    onFrame: ({ type }) => {
      if (type === "event") soon();
    },
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
