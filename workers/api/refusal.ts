/** A problem on its way to the caller, and the answers that the wire has for each. What is not a Refusal is a bug and answers 500. */
import { NO_UUID } from "@millrace/contract/wire.ts";
import { type Problem, type ProblemCode, sentence } from "@millrace/domain/problem.ts";
import type { z } from "zod";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(sentence(problem));
    this.problem = problem;
  }
}

/** Throws the refusal that says that there is no such thing, in the words that an id of another tenant gets too. */
export function notFound(what: string, id = ""): never {
  throw new Refusal({ code: "not_found", what, id });
}

const STATUS: { readonly [Code in ProblemCode]: number } = {
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  untimely: 400,
  stale_claim: 409,
  invalid: 422,
  locks_out: 422,
  unfit: 409,
  too_large: 413,
  unauthenticated: 401,
  forbidden: 403,
  beyond_run: 403,
  refused: 403,
  gone: 410,
  slots_taken: 423,
  too_many: 429,
  unavailable: 503,
};

/** One entry of FastAPI's list of what is wrong. */
export interface Fault {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** The answer for a problem; `missing`: the name under which it says that something is not there. */
export function problemResponse(problem: Problem, missing: "detail" | "exception_message" = "detail"): Response {
  if (problem.code === "invalid")
    return invalidResponse([{ loc: ["body", ...problem.field.split(".")], msg: problem.message, type: "value_error" }]);
  const detail =
    problem.code === "not_found"
      ? `${problem.what[0]?.toUpperCase()}${problem.what.slice(1)} not found`
      : sentence(problem);
  const headers: Record<string, string> = {};
  if ("retryAfter" in problem) headers["retry-after"] = String(problem.retryAfter);
  if (problem.code === "unauthenticated") headers["www-authenticate"] = 'Bearer realm="millrace"';
  // What a pool's template refuses is the body's fault; parameters and schema contradict each other.
  const status = problem.code === "unfit" && problem.of === "job_variables" ? 422 : STATUS[problem.code];
  return json({ [problem.code === "not_found" ? missing : "detail"]: detail }, status, headers);
}

/** 422 with the list of what is wrong, under the names that Prefect's server and FastAPI's clients look for. */
export const invalidResponse = (faults: readonly Fault[]): Response =>
  json({ exception_message: "Invalid request received.", exception_detail: faults, detail: faults }, 422);

/** Names of kinds that Prefect's validator has and ours has not. */
const PYDANTIC_TYPE: { readonly [expected: string]: string } = {
  array: "list_type",
  object: "model_attributes_type",
  record: "dict_type",
  boolean: "bool_type",
  number: "int_type",
};

/** What zod found, as FastAPI says it. */
export function faultsOf(error: z.ZodError, where: "body" | "query" | "path"): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const loc = [where, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({
          loc: [...loc, key],
          msg: "Extra inputs are not permitted",
          type: "extra_forbidden",
        }));
      case "invalid_type":
        return [
          issue.message.endsWith("received undefined")
            ? { loc, msg: "Field required", type: "missing" }
            : { loc, msg: issue.message, type: PYDANTIC_TYPE[issue.expected] ?? `${issue.expected}_type` },
        ];
      case "too_big":
        return [{ loc, msg: issue.message, type: issue.origin === "string" ? "string_too_long" : "less_than_equal" }];
      case "too_small":
        return [
          { loc, msg: issue.message, type: issue.origin === "string" ? "string_too_short" : "greater_than_equal" },
        ];
      case "invalid_value":
        return [{ loc, msg: issue.message, type: "enum" }];
      case "invalid_format":
        return [
          { loc, msg: issue.message, type: issue.message === NO_UUID ? "uuid_parsing" : "string_pattern_mismatch" },
        ];
      default:
        return [{ loc, msg: issue.message, type: "value_error" }];
    }
  });
}

const COMMON = { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** An answer in JSON; `text` that is JSON already goes as it is. */
export const json = (value: unknown, status = 200, headers?: Record<string, string>): Response =>
  new Response(value instanceof JsonText ? value.text : JSON.stringify(value), {
    status,
    headers: headers ? { ...COMMON, ...headers } : COMMON,
  });

/** Text that is JSON already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
