import { AgentServerFrame } from "@millrace/contract/channels/agent.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerFrame } from "./server-frame.ts";

const ID = "01a20f86-5e74-7286-88d3-f67ca3f1868a";
const claim = { run_id: ID, generation: 3 };
const deployment = { id: ID, name: "d", entrypoint: "a:b", path: ".", pull_steps: [{ x: 1 }], job_variables: {} };
const run = {
  id: ID,
  name: "r",
  flow_id: ID,
  parameters: { a: 1 },
  run_count: 0,
  tags: ["t"],
  job_variables: {},
  more: 1,
};
const FRAMES = [
  { type: "auth_success" },
  { type: "error", reason: "x" },
  { type: "cancel", ...claim },
  { type: "lost", ...claim },
  { type: "welcome", session: { id: ID, generation: 0 }, lease_seconds: 30, lost: [claim] },
  { type: "assign", ...claim, token: "t", flow_run: run, flow_name: "f", deployment },
  { type: "assign", ...claim, token: "t", flow_run: { ...run, job_variables: null }, flow_name: "f", deployment: null },
];

test.each(FRAMES)("[AG47] $type is read", (frame) => {
  expect(readServerFrame(JSON.stringify(frame))).toEqual(frame);
});

test("[AG47] the check by hand says what the contract's schema says, of frames with anything changed in them", () => {
  const paths = (value: unknown, at: string[] = []): string[][] =>
    typeof value === "object" && value !== null
      ? [at, ...Object.entries(value).flatMap(([key, item]) => paths(item, [...at, key]))]
      : [at];
  const changed = fc.constantFrom(...FRAMES).chain((frame) =>
    fc
      .tuple(
        fc.constantFrom(...paths(frame).filter((path) => path.length > 0)),
        fc.constantFrom(undefined, null, 0, -1, 1.5, "", "x", ID, true, [], {}, [1], [{}]),
      )
      .map(([path, value]) => {
        const copy = structuredClone(frame) as Record<string, unknown>;
        const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
        if (value === undefined) delete parent[path.at(-1) as string];
        else parent[path.at(-1) as string] = value;
        return copy;
      }),
  );
  fc.assert(
    fc.property(changed, (frame) => {
      expect(readServerFrame(JSON.stringify(frame)) !== null).toBe(AgentServerFrame.safeParse(frame).success);
    }),
    { numRuns: 2000 },
  );
});

test.each(["", "{", "null", "[]", '"x"', '{"type":"from the future"}'])("[AG47] %j is no frame", (text) => {
  expect(readServerFrame(text)).toBeNull();
});
