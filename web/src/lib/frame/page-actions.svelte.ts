/** What can be done with the thing that the open page is about; the palette lists it beside the places. */
export interface PageAction {
  name: string;
  /** Why it cannot be done now; it is then shown, but not offered. */
  unless?: string | null;
  run: () => void;
}

class PageActions {
  current = $state.raw<readonly PageAction[]>([]);
  /** What they act on: «run shaggy-tiger». */
  subject = $state("");

  offer(subject: string, actions: readonly PageAction[]): void {
    this.subject = subject;
    this.current = actions;
  }
  clear(): void {
    this.offer("", []);
  }
}

export const pageActions = new PageActions();
