import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_DETAILS, STATE_TYPES, type State } from "../state.ts";
import { instant } from "../time.ts";
import type { FlowRun } from "./run.ts";
import { sampleRun } from "./sample-run.ts";
import { restoredRun, restoredState, storedRun, storedState } from "./stored.ts";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<State["data"]>;
const states: fc.Arbitrary<State> = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom(...STATE_TYPES),
  name: fc.constantFrom("Running", "Completed", "Custom", ""),
  timestamp: fc.integer({ min: 0, max: 2 ** 50 }).map(instant),
  message: fc.option(fc.string()),
  data: json,
  details: fc
    .record({
      flowRunId: fc.option(fc.constantFrom("a-run", "another")),
      deferred: fc.option(fc.boolean()),
      untrackableResult: fc.boolean(),
      transitionId: fc.option(fc.uuid()),
      runInputKeyset: fc.option(fc.dictionary(fc.string(), fc.string())),
    })
    .map((details) => ({ ...NO_DETAILS, ...details })),
});

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test("[FR48] a state comes back from what is kept of it", () => {
  fc.assert(
    fc.property(states, (state) => {
      expect(throughJson(restoredState(throughJson(storedState(state, "a-run")), "a-run"))).toEqual(throughJson(state));
    }),
  );
});

test("[FR48] a run comes back from what is kept of it, nulls in what users gave included", () => {
  const objects = fc.dictionary(fc.string(), json);
  fc.assert(
    fc.property(
      states,
      objects,
      objects,
      fc.array(fc.string()),
      fc.nat(),
      (state, parameters, jobVariables, tags, runCount) => {
        const given = { parameters, jobVariables } as Pick<FlowRun, "parameters" | "jobVariables">;
        const run = { ...sampleRun(state, { tags, runCount }), ...given };
        expect(throughJson(restoredRun(throughJson(storedRun(run))))).toEqual(throughJson(run));
      },
    ),
  );
});

test("[FR48] a plain run is kept in a third of its room", () => {
  const run = sampleRun();
  expect(JSON.stringify(storedRun(run)).length * 2).toBeLessThan(JSON.stringify(run).length);
});
