import { untrack } from "svelte";

/** What screen readers are told in passing: one polite sentence at a time, for the whole app. */
class Announcer {
  sentence = $state("");

  /** Says a sentence; the same one twice in a row is said again. */
  say(sentence: string): void {
    // Effects say things: none of them may come to depend on what was said before.
    this.sentence = untrack(() => this.sentence) === sentence ? `${sentence}\u00a0` : sentence;
  }
}

export const announcer = new Announcer();
