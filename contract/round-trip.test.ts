import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { sampleRun } from "@millrace/domain/flow-run/sample-run.ts";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { STATE_TYPES, type State } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { formatInstant, instant, parseInstant } from "@millrace/domain/time.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { EventIn, EventOut, eventToWire } from "./events.ts";
import { FlowRunOut, flowRunToWire, Orchestration, PolicyIn, verdictToWire } from "./flow-runs.ts";
import { LogOut, logs, logToWire } from "./logs.ts";
import { StateIn, StateOut, stateToWire } from "./states.ts";
import { TaskPolicyIn, TaskRunOut, taskRunToWire } from "./task-runs.ts";
import { Fields, Labels, recordOf } from "./wire.ts";

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const times = fc.integer({ min: 0, max: 9_000_000_000_000_000 }).map(instant);
const words = fc
  .string({ unit: "binary", maxLength: 20 })
  // What zod's own records drop; that it comes in all the same is tried by itself.
  .filter((text) => text.isWellFormed() && text !== "__proto__");
const json = fc.jsonValue() as fc.Arbitrary<Json>;
const object = fc.dictionary(words, json, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

const states: fc.Arbitrary<State> = fc
  .record({
    type: fc.constantFrom(...STATE_TYPES),
    id: fc.uuid(),
    name: words,
    timestamp: times,
    message: orNull(words),
    data: json,
    details: fc.record({
      ...{ flowRunId: orNull(fc.uuid()), taskRunId: orNull(fc.uuid()), childFlowRunId: orNull(fc.uuid()) },
      ...{ scheduledTime: orNull(times), cacheKey: orNull(words), cacheExpiration: orNull(times) },
      ...{ deferred: orNull(fc.boolean()), untrackableResult: fc.boolean(), pauseTimeout: orNull(times) },
      ...{ pauseReschedule: fc.boolean(), pauseKey: orNull(words), refreshCache: orNull(fc.boolean()) },
      ...{
        runInputKeyset: orNull(fc.dictionary(words, words, { noNullPrototype: true })),
        retriable: orNull(fc.boolean()),
      },
      ...{ transitionId: orNull(fc.uuid()), taskParametersId: orNull(fc.uuid()), traceparent: orNull(words) },
      deploymentConcurrencyLeaseId: orNull(fc.uuid()),
    }),
  })
  .map((state) => state as State);

const runs: fc.Arbitrary<FlowRun> = fc
  .record({
    state: orNull(states),
    rest: fc.record({
      ...{ id: fc.uuid(), created: times, updated: times, name: words, flowId: fc.uuid(), flowVersion: orNull(words) },
      ...{
        deploymentId: orNull(fc.uuid()),
        parameters: object,
        context: object,
        labels: object,
        tags: fc.array(words),
      },
      ...{
        idempotencyKey: orNull(words),
        parentTaskRunId: orNull(fc.uuid()),
        runCount: fc.nat(),
        jobVariables: object,
      },
      ...{ expectedStartTime: orNull(times), startTime: orNull(times), endTime: orNull(times), createdBy: json },
      totalRunTime: fc.double({ min: 0, max: 1e9, noNaN: true }),
    }),
  })
  .map(({ state, rest }) => sampleRun(state, rest));

/** What arrives at the other end of a wire. */
const sent = <T>(value: T): unknown => JSON.parse(JSON.stringify(value));
const NOW = instant(1_795_521_600_000_000);

test("[CO2] a state that goes out is one that comes in, but for the identity that acceptance gives", () => {
  fc.assert(
    fc.property(states, (state) => {
      const { id: _, timestamp: __, ...wire } = stateToWire(state);
      const { id: ___, timestamp: ____, ...proposed } = state;
      expect(StateIn.parse(sent(wire))).toEqual(sent(proposed));
    }),
  );
});

test("[CO2] what goes out is what the table says of it", () => {
  fc.assert(
    fc.property(runs, states, (run, state) => {
      expect(StateOut.parse(sent(stateToWire(state)))).toEqual(sent(stateToWire(state)));
      const wire = sent(flowRunToWire(run, NOW));
      expect(FlowRunOut.parse(wire)).toEqual(wire);
      const policy = (wire as { empirical_policy: unknown }).empirical_policy;
      expect(PolicyIn.parse(policy)).toEqual(run.policy);
    }),
  );
});

test("[CO2] task runs, log lines, events and verdicts go out as the table says", () => {
  fc.assert(
    fc.property(states, words, times, fc.uuid(), (state, text, at, id) => {
      const policy = { maxRetries: 0, retryDelaySeconds: 0, retries: 2, retryDelay: [1, 2.5], retryJitterFactor: null };
      const taskRun: TaskRun = {
        ...{
          id,
          created: at,
          updated: at,
          name: text,
          flowRunId: null,
          taskKey: text,
          dynamicKey: text,
          cacheKey: null,
        },
        ...{
          cacheExpiration: at,
          taskVersion: null,
          policy,
          tags: [text],
          labels: {},
          taskInputs: { x: [{ a: 1 }] },
          state,
        },
        ...{ runCount: 1, flowRunRunCount: 1, expectedStartTime: at, nextScheduledStartTime: null, startTime: at },
        ...{ endTime: null, totalRunTime: 0.5 },
      };
      const wire = sent(taskRunToWire(taskRun, NOW)) as { empirical_policy: unknown };
      expect(TaskRunOut.parse(wire)).toEqual(wire);
      expect(TaskPolicyIn.parse(wire.empirical_policy)).toEqual(policy);

      const log = sent(
        logToWire({ id, name: text, level: 20, message: text, timestamp: at, flowRunId: id, taskRunId: null }),
      );
      expect(LogOut.parse(log)).toEqual(log);
      const { id: _, created: __, updated: ___, ...line } = log as Record<string, unknown>;
      expect(logs.create.body.parse([line])).toEqual([expect.objectContaining({ message: text, timestamp: at })]);

      const resource = { "prefect.resource.id": "a" };
      const event = {
        id,
        occurred: formatInstant(at),
        event: "x",
        resource,
        related: [{ ...resource, "prefect.resource.role": "flow" }],
        payload: {},
        follows: null,
      };
      const told = eventToWire(EventIn.parse(event), NOW, formatInstant);
      expect(EventOut.parse(sent(told))).toEqual({ ...event, received: formatInstant(NOW) });

      for (const verdict of [
        verdictToWire({ kind: "accept", state }, state),
        verdictToWire({ kind: "reject", state, reason: text }, state),
        verdictToWire({ kind: "wait", seconds: 3, reason: text }, state),
        verdictToWire({ kind: "abort", reason: text }, null),
      ])
        expect(Orchestration.parse(sent(verdict))).toEqual(sent(verdict));
    }),
  );
});

test("[CO2] a record of anything comes back key for key, also one whose key names a prototype", () => {
  fc.assert(
    fc.property(object, (fields) => {
      const text = JSON.stringify(fields);
      expect(JSON.stringify(Fields.parse(JSON.parse(text)))).toBe(text);
    }),
  );
  const odd = '{"__proto__":{"x":1},"constructor":null,"a":1}';
  expect(JSON.stringify(Fields.parse(JSON.parse(odd)))).toBe(odd);
  const texts = '{"__proto__":"x","constructor":"y"}';
  for (const schema of [Labels, recordOf(z.string())])
    expect(JSON.stringify(schema.parse(JSON.parse(texts)))).toBe(texts);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test("[CO3] a moment goes out in UTC with six digits, and comes in as the same one", () => {
  fc.assert(
    fc.property(times, (at) => {
      const text = formatInstant(at);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(parseInstant(text)).toBe(at);
    }),
  );
});
