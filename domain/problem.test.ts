import { expect, test } from "vitest";
import { type Problem, type ProblemCode, sentence } from "./problem.ts";

const SAMPLES: { [C in ProblemCode]: [Extract<Problem, { code: C }>, RegExp] } = {
  not_found: [{ code: "not_found", what: "flow run", id: "f00" }, /flow run f00.*Check the id/],
  already_exists: [{ code: "already_exists", what: "work pool", name: "default" }, /default.*another name/],
  conflict: [{ code: "conflict", what: "pool", is: "paused", must: "Resume it first." }, /paused\. Resume it first\./],
  untimely: [{ code: "untimely", message: "Wait until it is SCHEDULED." }, /SCHEDULED/],
  stale_claim: [{ code: "stale_claim", held: 4, shown: 3 }, /generation 3, but 4.*Stop/],
  invalid: [
    { code: "invalid", field: "state.type", message: "This is required." },
    /^state\.type: This is required\.$/,
  ],
  locks_out: [{ code: "locks_out", message: "Add your own address first." }, /Add your own/],
  unfit: [
    { code: "unfit", of: "parameters", doing: "creating flow run", field: "x", message: "It is no number." },
    /creating flow run.*'x'.*no number/,
  ],
  too_large: [{ code: "too_large", what: "body", limit: 1024, unit: "bytes" }, /1024 bytes.*Send less/],
  unauthenticated: [{ code: "unauthenticated", message: "Sign in first." }, /^Sign in first\.$/],
  forbidden: [{ code: "forbidden", scope: "run_flows" }, /run_flows.*Ask an owner/],
  refused: [{ code: "refused", message: "Ask from this site's own pages." }, /own pages/],
  beyond_run: [{ code: "beyond_run", run: "run-7" }, /run-7.*API key/],
  gone: [{ code: "gone", what: "lease", id: "f00" }, /lease f00 has ended.*new one/],
  slots_taken: [{ code: "slots_taken", limit: "db", retryAfter: 2.5 }, /limit db are taken.*in 2\.5 seconds\.$/],
  too_many: [{ code: "too_many", what: "requests a minute", limit: 60, retryAfter: 1 }, /60 requests.*in 1 second\.$/],
  unavailable: [{ code: "unavailable", what: "index", retryAfter: 5 }, /index.*in 5 seconds\.$/],
};

test.each(Object.entries(SAMPLES))("[DO7] %s says what to do", (_code, [problem, words]) => {
  expect(sentence(problem)).toMatch(words);
});
