/** What a refusal of the server says of the fields of a form. */
import { ApiError, sentenceOf } from "../api.ts";

export interface Refusal {
  /** By field. */
  faults: Record<string, string>;
  /** What concerns no field of the form; null where the fields say it all. */
  sentence: string | null;
}

/** A refusal that the page found itself, or that the server put into its answer. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Reads an error; `names`: the fields that the form has. */
export function refusalOf(error: unknown, names: readonly string[]): Refusal {
  const faults: Record<string, string> = {};
  let all = true;
  for (const { loc, msg } of complaints(error)) {
    const name = loc.find((step): step is string => typeof step === "string" && names.includes(step));
    if (name === undefined) all = false;
    else faults[name] ??= msg;
  }
  const said = Object.keys(faults).length > 0 && all;
  return { faults, sentence: said ? null : error instanceof Refused ? error.message : sentenceOf(error) };
}

interface Complaint {
  loc: unknown[];
  msg: string;
}

function complaints(error: unknown): Complaint[] {
  if (!(error instanceof ApiError) || error.status !== 422) return [];
  const body = error.body as { exception_detail?: unknown; detail?: unknown } | null;
  const list = body?.exception_detail ?? body?.detail;
  return (Array.isArray(list) ? list : []).filter(
    (one): one is Complaint => Array.isArray(one?.loc) && typeof one?.msg === "string",
  );
}
