import type { WireEvent } from "@millrace/contract/events.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lateBy, type RunRow, type RunState, stateOfEvent, withState, workedFor } from "./run-row.ts";

const row = (over: Partial<RunRow> = {}): RunRow => ({
  id: "r",
  name: "shaggy-tiger",
  flowId: "f",
  deploymentId: null,
  pool: null,
  state: { type: "SCHEDULED", name: "Scheduled", at: 1000, message: null },
  expected: 1000,
  started: null,
  ended: null,
  ran: 0,
  attempts: 0,
  tags: [],
  ...over,
});
const state = (type: RunState["type"], at: number): RunState => ({ type, name: type, at, message: null });

test("[WE13] a run's life as told by events gives its start, end, duration and attempts", () => {
  const lived = [
    state("PENDING", 2000),
    state("RUNNING", 3000),
    state("SCHEDULED", 4000),
    state("RUNNING", 9000),
    state("COMPLETED", 9500),
  ].reduce(withState, row());
  expect(lived).toMatchObject({ started: 3000, ended: 9500, ran: 1500, attempts: 2, state: { type: "COMPLETED" } });
  expect(workedFor(lived, 99_999)).toBe(1500);
});

test("[WE13] events that come double or late change nothing", () => {
  const states = [state("PENDING", 2000), state("RUNNING", 3000), state("COMPLETED", 4000)];
  const once = states.reduce(withState, row());
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states)), (more) => {
      expect(more.reduce(withState, once)).toEqual(once);
    }),
  );
});

test("[WE13] a retry takes the end back", () => {
  expect(withState(row({ state: state("FAILED", 1), ended: 1 }), state("SCHEDULED", 2)).ended).toBeNull();
});

test("[WE14] a running run's duration grows with the clock, a waiting one's lateness after 15 seconds", () => {
  const running = row({ state: state("RUNNING", 5000), started: 5000, ran: 250 });
  expect(workedFor(running, 6000)).toBe(1250);
  expect(workedFor(row(), 6000)).toBeNull();
  expect(lateBy(row(), 12_000)).toBeNull();
  expect(lateBy(row(), 61_000)).toBe(60_000);
  expect(lateBy(running, 1e9)).toBeNull();
});

const event = (resource: Record<string, string>): WireEvent => ({
  occurred: "2026-11-24T13:15:59.624958Z",
  event: "prefect.flow-run.Running",
  resource,
  related: [],
  payload: {},
  id: "e",
  follows: null,
  received: "2026-11-24T13:15:59.624958Z",
});

test("[WE13] only events of a flow run's state count", () => {
  const told = stateOfEvent(
    event({
      "prefect.resource.id": "prefect.flow-run.abc",
      "prefect.state-type": "RUNNING",
      "prefect.state-name": "Retrying",
    }),
  );
  expect(told).toMatchObject({ run: "abc", state: { type: "RUNNING", name: "Retrying" } });
  expect(stateOfEvent(event({ "prefect.resource.id": "prefect.flow-run.abc" }))).toBeNull();
  expect(
    stateOfEvent(event({ "prefect.resource.id": "prefect.task-run.abc", "prefect.state-type": "RUNNING" })),
  ).toBeNull();
  expect(
    stateOfEvent(event({ "prefect.resource.id": "prefect.flow-run.abc", "prefect.state-type": "DANCING" })),
  ).toBeNull();
});
