import { type Instant, instant } from "@millrace/domain/time.ts";
import { expect, test } from "vitest";
import { beforeFirstState, step, type TaskRunIdentity } from "./task-run-event.ts";

const identity: TaskRunIdentity = {
  id: "01a20db2-ed63-73f4-86f0-261d258206e7",
  name: "flaky-0",
  taskKey: "flaky",
  dynamicKey: "0",
  tags: ["io"],
  retries: 2,
  retryDelay: 0.2,
  retryJitter: null,
  taskInputs: {},
  flowRun: { id: "08fcccc9-dece-45c9-93aa-aa27f58b081e", name: "shaggy-tiger", attempt: 1 },
  flow: { id: "8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7", name: "parent" },
};
const START = 1_795_526_159_715_095 as Instant;
const at = (ms: number): Instant => instant(START + ms * 1000);

test("[SD40] a task run is told of as Prefect's client tells: a retried one, event by event", () => {
  const steps = [
    ["PENDING", "Pending", 0],
    ["RUNNING", "Running", 100],
    ["SCHEDULED", "AwaitingRetry", 103],
    ["RUNNING", "Retrying", 303],
    ["COMPLETED", "Completed", 306],
  ] as const;
  let progress = beforeFirstState(at(0));
  const events = steps.map(([type, name, ms], index) => {
    const { event, after } = step(
      identity,
      progress,
      { type, name, message: "", details: {} },
      { at: at(ms), eventId: `e${index}` },
    );
    progress = after;
    return event;
  });
  expect(events.map(({ event, id, follows }) => [event, id, follows])).toEqual([
    ["prefect.task-run.Pending", "e0", null],
    ["prefect.task-run.Running", "e1", "e0"],
    ["prefect.task-run.AwaitingRetry", "e2", "e1"],
    ["prefect.task-run.Retrying", "e3", "e2"],
    ["prefect.task-run.Completed", "e4", "e3"],
  ]);
  expect(events[4]).toEqual({
    occurred: "2026-11-24T13:16:00.021095Z",
    event: "prefect.task-run.Completed",
    resource: {
      "prefect.resource.id": "prefect.task-run.01a20db2-ed63-73f4-86f0-261d258206e7",
      "prefect.resource.name": "flaky-0",
      "prefect.run-count": "2",
      "prefect.state-message": "",
      "prefect.state-name": "Completed",
      "prefect.state-timestamp": "2026-11-24T13:16:00.021095Z",
      "prefect.state-type": "COMPLETED",
      "prefect.orchestration": "client",
    },
    related: [
      {
        "prefect.resource.id": "prefect.flow-run.08fcccc9-dece-45c9-93aa-aa27f58b081e",
        "prefect.resource.role": "flow-run",
        "prefect.resource.name": "shaggy-tiger",
      },
      {
        "prefect.resource.id": "prefect.flow.8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7",
        "prefect.resource.role": "flow",
        "prefect.resource.name": "parent",
      },
    ],
    payload: {
      intended: { from: "RUNNING", to: "COMPLETED" },
      initial_state: { type: "RUNNING", name: "Retrying", message: "", state_details: {} },
      validated_state: { type: "COMPLETED", name: "Completed", message: "", state_details: {}, data: null },
      task_run: {
        name: "flaky-0",
        task_key: "flaky",
        dynamic_key: "0",
        empirical_policy: { max_retries: 0, retry_delay_seconds: 0, retries: 2, retry_delay: 0.2 },
        tags: ["io"],
        labels: {},
        task_inputs: {},
        run_count: 2,
        flow_run_run_count: 1,
        expected_start_time: "2026-11-24T13:15:59.715095Z",
        start_time: "2026-11-24T13:15:59.815095Z",
        end_time: "2026-11-24T13:16:00.021095Z",
        total_run_time: 0.006,
      },
    },
    id: "e4",
    follows: "e3",
  });
});
