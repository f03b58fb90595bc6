import { expect, test } from "vitest";
import { guarded, prefectEnvironment, programOf } from "./program.ts";

const deployment = (changes: object) => ({
  id: "d",
  name: "nightly",
  entrypoint: null,
  path: null,
  pull_steps: null,
  job_variables: {},
  ...changes,
});
const assigned = (changes: object | null, variables: object = {}) =>
  ({ deployment: changes && deployment(changes), flow_run: { job_variables: variables }, flow_name: "flow" }) as never;

test.each([
  [
    "[AG90] a bundle of ours",
    assigned({ entrypoint: "x.js:mine", pull_steps: [{ "millrace.bundle": { sha256: "ab" } }] }),
    { kind: "bundle", sha256: "ab", flowName: "mine" },
  ],
  ["[AG90] an entrypoint is Prefect's", assigned({ entrypoint: "f.py:f", pull_steps: [] }), { kind: "python" }],
  [
    "[AG90] a command of the job variables",
    assigned({ entrypoint: "f.py:f", job_variables: { command: "uv run x" } }),
    { kind: "command", text: "uv run x" },
  ],
  [
    "[AG90] a command of the run goes before its deployment's",
    assigned({ job_variables: { command: "one" } }, { command: "two" }),
    { kind: "command", text: "two" },
  ],
  [
    "[AG90] a run without a deployment, by its command",
    assigned(null, { command: "go" }),
    { kind: "command", text: "go" },
  ],
])("%s", (_case, assignment, wanted) => {
  expect(programOf(assignment)).toEqual(wanted);
});

test("[AG90] what nobody could start says what to do", () => {
  expect(() => programOf(assigned({}))).toThrow(/deploy the flow/);
});

test("[AG90] a command is passed as it is, whatever is in it", () => {
  const command = ["/bin/sh", "-c", "echo 'a' \"$B\"; true"];
  expect(guarded(command).slice(-3)).toEqual(command);
});

test("[AG91] Prefect's client reaches the run's own workspace, with the run's token", () => {
  const claims = Buffer.from(JSON.stringify({ acc: "a1", ws: "w1" })).toString("base64url");
  const { common, own } = prefectEnvironment(
    { token: `h.${claims}.s`, run_id: "r1", deployment: deployment({}) } as never,
    "http://x/api/accounts/other/workspaces/other",
  );
  expect(common).toMatchObject({
    PREFECT_CLOUD_API_URL: "http://x/api",
    PREFECT_API_URL: "http://x/api/accounts/a1/workspaces/w1",
  });
  expect(own).toEqual({
    PREFECT_API_KEY: `h.${claims}.s`,
    PREFECT__FLOW_RUN_ID: "r1",
    PREFECT__DEPLOYMENT_NAME: "nightly",
  });
});
