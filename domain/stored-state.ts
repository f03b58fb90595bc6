/** States as they are kept: without what goes without saying for whom they belong to. */
import { defaultName, NO_DETAILS, type State, type StateDetails } from "./state.ts";

/** A state as it is kept. */
export type StoredState = Pick<State, "id" | "type" | "timestamp"> &
  Partial<Pick<State, "name" | "message" | "data">> & { details?: Partial<StateDetails> };

/** What is kept of a state; `own` are the details that every state of its run has. */
export function storedState(state: State, own: Partial<StateDetails>): StoredState {
  const { id, type, timestamp, name, message, data } = state;
  const stored: StoredState = { id, type, timestamp };
  if (name !== defaultName(type)) stored.name = name;
  if (message !== null) stored.message = message;
  if (data !== null) stored.data = data;
  const details = differing(state.details, { ...NO_DETAILS, ...own });
  if (details) stored.details = details;
  return stored;
}

/** The state that was kept. */
export const restoredState = (stored: StoredState, own: Partial<StateDetails>): State => ({
  id: stored.id,
  type: stored.type,
  name: stored.name ?? defaultName(stored.type),
  timestamp: stored.timestamp,
  message: stored.message ?? null,
  data: stored.data ?? null,
  details: { ...NO_DETAILS, ...own, ...stored.details },
});

/** The fields that are not as `usual` has them; null where none is. */
export function differing<T extends object>(value: T, usual: T): Partial<T> | null {
  let fields: Partial<T> | null = null;
  for (const key in value) {
    if (value[key] === usual[key] || (isEmpty(value[key]) && isEmpty(usual[key]))) continue;
    fields ??= {};
    fields[key] = value[key];
  }
  return fields;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}
