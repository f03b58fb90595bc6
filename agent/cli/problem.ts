/** What a command can fail with, as people and programs read it: a code, a sentence, what it is about, what to do. */
import type { ApiError } from "../sdk/api/connect.ts";
import { describe, type InputError } from "../sdk/errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";

export type ProblemCode =
  | "failed"
  | "usage"
  | "not_found"
  | "auth"
  | "unreachable"
  | "timeout"
  | "untrusted"
  | "refused";

export interface ProblemFields {
  code: ProblemCode;
  field?: string;
  fix?: string;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly field: string | undefined;
  readonly fix: string | undefined;
  constructor(message: string, { code, field, fix }: ProblemFields) {
    super(message);
    this.code = code;
    this.field = field;
    this.fix = fix;
  }

  get exitCode(): number {
    return EXIT_OF[this.code];
  }

  toJSON() {
    return { error: { code: this.code, message: this.message, field: this.field, fix: this.fix } };
  }
}

const EXIT_OF: Record<ProblemCode, number> = {
  failed: EXIT_CODES.failed,
  usage: EXIT_CODES.usage,
  not_found: EXIT_CODES.notFound,
  auth: EXIT_CODES.auth,
  unreachable: EXIT_CODES.unreachable,
  timeout: EXIT_CODES.timeout,
  untrusted: EXIT_CODES.untrusted,
  refused: EXIT_CODES.failed,
};

/** A mistake in how the command was called. */
export const usage = (message: string, field?: string, fix?: string): Problem =>
  new Problem(message, { code: "usage", field, fix });

/** Whatever was thrown, as a problem. By name: a bundle's own copy of the SDK throws errors of its own classes. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return new Problem(describe(error), { code: "failed" });
  switch (error.name) {
    case "InputError":
      return new Problem(error.message, { code: "usage", field: (error as InputError).issues[0]?.field });
    case "SettingsError":
      return new Problem(error.message, { code: "usage" });
    case "UnreachableError":
      return new Problem(error.message, {
        code: "unreachable",
        fix: "Look whether the address is right and the server runs; `millrace doctor` says more.",
      });
    case "UntrustedServerError":
      return new Problem(error.message, {
        code: "untrusted",
        fix: "Look who answers at this address. The certificate of an authority of your own is named in NODE_EXTRA_CA_CERTS.",
      });
    case "ApiError":
      return fromApi(error as ApiError);
    default:
      return new Problem(describe(error), { code: "failed" });
  }
}

/** What a server answers that has no API there. */
const PAGE = /^\s*<(!doctype|html)/i;

function fromApi(error: ApiError): Problem {
  if (PAGE.test(error.detail) || (error.status >= 300 && error.status < 400)) {
    return new Problem("There is a web site at this address, but no API.", {
      code: "usage",
      fix: "The address of an API ends in /api, or in /api/accounts/…/workspaces/…; `millrace login` finds it.",
    });
  }
  if (error.status === 401) {
    return new Problem(error.detail, { code: "auth", fix: "Run `millrace login`, or set MILLRACE_API_KEY." });
  }
  if (error.status === 403) return new Problem(error.detail, { code: "auth" });
  if (error.status === 404) return new Problem(error.detail, { code: "not_found" });
  if (error.status >= 500 || error.status === 429) return new Problem(error.message, { code: "unreachable" });
  return new Problem(error.detail, { code: "refused", field: fieldOf(error.body) });
}

function fieldOf(body: unknown): string | undefined {
  const detail = (body as { detail?: unknown } | null)?.detail;
  const first = Array.isArray(detail) ? (detail[0] as { loc?: unknown } | undefined) : undefined;
  return Array.isArray(first?.loc) ? first.loc.join(".") : undefined;
}
