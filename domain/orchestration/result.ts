/** Where a state's data stands for a result that is kept somewhere. */
import type { State } from "../state.ts";

/** True of data that describes a stored result. A bare value, nothing at all, and "unpersisted" describe none. */
export function hasStoredResult(state: State | null): boolean {
  const data = state?.data;
  if (data === null || data === undefined || typeof data !== "object" || Array.isArray(data)) return false;
  return Object.keys(data).length > 0 && data.type !== "unpersisted";
}
