/**
 * Keyboard shortcuts: one listener, a list of bindings, and the sheet that shows them.
 *
 * SC1  Single letters do nothing while somebody writes, while a modifier is held, or when the reader turned them off (WCAG 2.1.4).
 * SC2  «g r» is two keys, the second within SEQUENCE.
 */
export interface Shortcut {
  /** «g r», «/», «?», «mod+k». `mod` is ⌘ on a Mac and Ctrl elsewhere. */
  keys: string;
  does: string;
  group: string;
  run: () => void;
}

/** Milliseconds between the two keys of a sequence. */
const SEQUENCE = 1200;

const bindings = new Set<readonly Shortcut[]>();

/** Adds shortcuts for as long as a page or part stands; the answer takes them away. */
export function addShortcuts(shortcuts: readonly Shortcut[]): () => void {
  bindings.add(shortcuts);
  return () => bindings.delete(shortcuts);
}

/** All shortcuts that work now, those of the page last. */
export const allShortcuts = (): Shortcut[] => [...bindings].flat();

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent);
/** «mod+k» as it is printed on the keys. */
export const printKeys = (keys: string): string[] =>
  keys
    .split(" ")
    .map((key) =>
      key
        .replace("mod+", isMac() ? "⌘" : "Ctrl ")
        .replace(/\b[a-z]$/, (letter) => (key.includes("+") ? letter.toUpperCase() : letter)),
    );

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Listens on the window. `lettersWork` is asked at every key. */
export function listenForShortcuts(lettersWork: () => boolean): () => void {
  let first: { key: string; at: number } | null = null;

  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const mod = event.metaKey || event.ctrlKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const open = document.querySelector("dialog[open]") !== null;
    const run = (keys: string): boolean => {
      const found = allShortcuts().findLast((shortcut) => shortcut.keys === keys);
      if (!found) return false;
      event.preventDefault();
      found.run();
      return true;
    };
    if (mod) {
      run(`mod+${key}`);
      return;
    }
    if (open || writes(event.target) || !lettersWork()) return;
    const before = first && event.timeStamp - first.at < SEQUENCE ? first.key : null;
    first = null;
    if (before && run(`${before} ${key}`)) return;
    if (!run(key)) first = { key, at: event.timeStamp };
  };
  window.addEventListener("keydown", press);
  return () => window.removeEventListener("keydown", press);
}
