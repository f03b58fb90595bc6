/** The runs that this browser looked at last. A convenience: where storage is refused, the list stays empty. */
export interface RecentRun {
  id: string;
  name: string;
  flow: string | null;
}

const KEY = "millrace_recent";
const MOST = 8;

export function recentRuns(): RecentRun[] {
  try {
    const held: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(held)
      ? held.filter((run): run is RecentRun => typeof run?.id === "string" && typeof run?.name === "string")
      : [];
  } catch {
    return [];
  }
}

export function rememberRun(run: RecentRun): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([run, ...recentRuns().filter(({ id }) => id !== run.id)].slice(0, MOST)));
  } catch {
    // Storage is full or forbidden: nothing depends on it.
  }
}

export function forgetRuns(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}
