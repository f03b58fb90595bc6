/**
 * The artifact that a stored result is shown as: Prefect's server keeps the data of a state as one.
 *
 * [DO43] Only data that describe a stored result make one; what they say of artifacts is what it is called. Its id follows from the
 *        state's, so that telling of it twice is telling once.
 */
import { isObject, type JsonObject } from "../json.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";
import { hasStoredResult } from "./result.ts";

export interface ResultArtifact {
  id: string;
  key: string | null;
  type: string | null;
  description: string | null;
  data: JsonObject;
  flowRunId: string | null;
  taskRunId: string | null;
  created: Instant;
}

/** The artifact of a state that `of` entered; null where its data are no stored result. */
export function resultArtifact(
  state: State,
  of: Pick<ResultArtifact, "flowRunId" | "taskRunId">,
): ResultArtifact | null {
  if (!hasStoredResult(state) || !isObject(state.data)) return null;
  const { artifact_key: key, artifact_type: type, artifact_description: description, ...data } = state.data;
  const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
  // Version 8 says that an id is of one's own making (RFC 9562).
  const id = `${state.id.slice(0, 14)}8${state.id.slice(15)}`;
  return {
    id,
    key: text(key),
    type: text(type),
    description: text(description),
    data,
    ...of,
    created: state.timestamp,
  };
}
