/**
 * What asking a paused run to go on comes to: the state to propose, and the answer to keep where it asked a question.
 *
 * [FR80] Only a PAUSED run is resumed; a paused one goes back to RUNNING, a suspended one is scheduled anew.
 * [FR81] A run that waits for an answer goes on only with one that its schema allows, or with defaults where that allows none at
 *        all. The answer is kept under the key that the run named, once the rules have let the run go on.
 */
import { isObject, type JsonObject } from "../json.ts";
import { hydrated, Unhydrated } from "../schema/hydrate.ts";
import type { State, StateInput } from "../state.ts";
import type { Instant } from "../time.ts";

export type Resumption =
  | { kind: "propose"; state: StateInput; answer: { key: string; value: string } | null }
  /** `state`: whether the caller is told the state that stays. */
  | { kind: "refuse"; status: "ABORT" | "REJECT"; reason: string };

export interface Asking {
  /** The text that the run keeps under a key. */
  read: (key: string) => string | null;
  /** What a schema has against a value, as a sentence; null where nothing. */
  objection: (schema: JsonObject, value: JsonObject) => string | null;
  now: Instant;
}

/** How a run in `state` goes on with `given`. */
export function resumption(state: State | null, given: JsonObject | null, asking: Asking): Resumption {
  if (state?.type !== "PAUSED") return refused("ABORT", "Cannot resume a flow run that is not paused.");
  const keyset = state.details.runInputKeyset;
  let answer: JsonObject | null = null;
  if (keyset && Object.keys(keyset).length > 0) {
    const checked = checkedAnswer(keyset.schema, given ?? {}, asking);
    if (typeof checked === "string") return refused("REJECT", checked);
    answer = checked;
  }
  const kept = answer && keyset?.response && Object.keys(answer).length > 0;
  return {
    kind: "propose",
    state: state.details.pauseReschedule
      ? { type: "SCHEDULED", name: "Resuming", details: { scheduledTime: asking.now } }
      : { type: "RUNNING" },
    answer: kept ? { key: keyset.response as string, value: JSON.stringify(answer) } : null,
  };
}

const refused = (status: "ABORT" | "REJECT", reason: string): Resumption => ({ kind: "refuse", status, reason });

/** The answer with everything that stands for something else put in; a sentence where it will not do. */
function checkedAnswer(schemaKey: string | undefined, given: JsonObject, asking: Asking): JsonObject | string {
  let answer: JsonObject;
  try {
    answer = hydrated(given);
  } catch (error) {
    if (!(error instanceof Unhydrated)) throw error;
    return `Error hydrating run input: ${error.message}`;
  }
  const text = schemaKey === undefined ? null : asking.read(schemaKey);
  if (text === null) return "Run input schema not found.";
  const schema = parsed(text);
  if (schema === null) return "Run input schema is not valid JSON.";
  const objection = asking.objection(schema, answer);
  return objection === null ? answer : `Reason: ${objection}`;
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
