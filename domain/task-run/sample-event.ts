/** Task-run events for tests, as Prefect's client sends them: one life of a task, changed where the test cares. */
import type { Json, JsonObject } from "../json.ts";
import type { StateType } from "../state.ts";
import { defaultName } from "../state.ts";
import { formatInstant, type Instant, instant, plusSeconds } from "../time.ts";

export const TASK_RUN = "01a20db2-ed5d-7acd-a6e9-12eb0e100245";
export const FLOW_RUN = "08fcccc9-dece-45c9-93aa-aa27f58b081e";
export const FLOW = "8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7";

/** When the first event of a sample life occurred: 2026-11-24 12:00 UTC. */
export const BEGAN = instant(1_795_521_600_000_000);
export const after = (seconds: number): Instant => plusSeconds(BEGAN, seconds);

interface SampleEvent {
  /** Number of the event within the life; makes its id, and the id of the one it follows. */
  step?: number;
  occurred?: Instant;
  name?: string;
  details?: JsonObject;
  data?: Json;
  taskRun?: JsonObject;
  related?: Json[];
  /** Replaces fields of the event itself. */
  with?: JsonObject;
}

export const eventId = (step: number): string => `01a20db2-ed5d-7ef3-8131-${String(step).padStart(12, "0")}`;

/** The event of a task run that entered a state of `type`. */
export function sampleEvent(type: StateType, event: SampleEvent = {}): JsonObject {
  const { step = 1, name = defaultName(type), details = {}, data = null } = event;
  const occurred = formatInstant(event.occurred ?? after(step));
  return {
    occurred,
    event: `prefect.task-run.${name}`,
    resource: {
      "prefect.resource.id": `prefect.task-run.${TASK_RUN}`,
      "prefect.resource.name": "add-707",
      "prefect.state-type": type,
      "prefect.orchestration": "client",
    },
    related: event.related ?? [
      { "prefect.resource.id": "prefect.tag.io", "prefect.resource.role": "tag" },
      { "prefect.resource.id": `prefect.flow-run.${FLOW_RUN}`, "prefect.resource.role": "flow-run" },
      { "prefect.resource.id": `prefect.flow.${FLOW}`, "prefect.resource.role": "flow" },
    ],
    payload: {
      intended: { from: null, to: type },
      initial_state: null,
      validated_state: { type, name, message: "", state_details: details, data },
      task_run: {
        name: "add-707",
        task_key: "add-1e6989a6",
        dynamic_key: "7077db35",
        empirical_policy: { max_retries: 0, retry_delay_seconds: 0.0, retries: 2, retry_delay: 0.2 },
        tags: ["io"],
        labels: {},
        task_inputs: { x: [{ input_type: "constant", type: "int" }], y: [] },
        run_count: 0,
        flow_run_run_count: 1,
        expected_start_time: formatInstant(BEGAN),
        total_run_time: 0.0,
        ...event.taskRun,
      },
    },
    id: eventId(step),
    follows: step > 1 ? eventId(step - 1) : null,
    ...event.with,
  };
}
