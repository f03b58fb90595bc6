/** Doing something to a thing, and saying what became of it. */
import { invalidate } from "$app/navigation";
import { refused } from "../api.ts";
import { toasts } from "./toast.svelte.ts";

/** Does it, says so, and loads again what depends on `key`. Answers the server's sentence when it was refused. */
export async function carryOut(work: Promise<unknown>, done: string, key: string): Promise<string | null> {
  const why = await refused(work);
  if (why !== null) return why;
  void toasts.show("done", done);
  await invalidate(key);
  return null;
}

/** The same where no dialog is open that could show a refusal. */
export async function carryOutAloud(work: Promise<unknown>, done: string, key: string): Promise<void> {
  const why = await carryOut(work, done, key);
  if (why !== null) void toasts.show("failed", why);
}
