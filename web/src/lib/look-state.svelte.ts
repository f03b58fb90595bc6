/** The look as a live setting: read by every page, changed in one place, kept in its cookie. */
import { getContext, setContext } from "svelte";
import { formatLook, type Look, lookCookie } from "./look.ts";
import { ticking } from "./time/now.svelte.ts";
import type { Telling } from "./time/tell.ts";

const KEY = Symbol("look");

export class LookState {
  #look: Look;

  constructor(look: Look) {
    this.#look = $state(look);
  }

  get current(): Look {
    return this.#look;
  }

  change(wish: Partial<Look>): void {
    const next = { ...this.#look, ...wish };
    if (formatLook(next) === formatLook(this.#look)) return;
    this.#look = next;
    // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is not in every browser yet, and nothing waits for this one.
    document.cookie = lookCookie(next);
    document.documentElement.dataset.theme = next.theme;
  }

  /** How to tell a moment now. Only readers of relative time hear the clock tick. */
  get telling(): Telling {
    const { clock, zone } = this.#look;
    return { clock, zone, now: clock === "relative" ? ticking() : Date.now() };
  }
}

export const provideLook = (look: Look): LookState => setContext(KEY, new LookState(look));
export const useLook = (): LookState => getContext(KEY);
