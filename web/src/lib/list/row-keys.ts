/** Walking the rows of a list by single letters: the links with `data-row` in it. */
import type { Shortcut } from "../frame/shortcuts.ts";

/** `body`: where the rows are; `group` heads them in the sheet of shortcuts; `thing` is what a row is. */
export function rowKeys(body: () => HTMLElement | undefined, group: string, thing: string): Shortcut[] {
  const step = (by: 1 | -1): void => {
    const all = body()?.querySelectorAll<HTMLElement>("[data-row]") ?? [];
    const links = [...all].filter((link) => link.offsetParent !== null);
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
  };
  const open = (): void => (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-row]")?.click();
  return [
    { keys: "j", does: `Next ${thing}`, group, run: () => step(1) },
    { keys: "k", does: `Previous ${thing}`, group, run: () => step(-1) },
    { keys: "o", does: `Open the ${thing}`, group, run: open },
  ];
}
