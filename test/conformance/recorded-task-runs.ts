/** Where the events of a recording leave each task run: what a server that recorded them must show. */
import type { Frame, Line, Value } from "./recording.ts";

export interface RecordedTaskRun {
  id: string;
  name: string;
  /** Null of a background task. */
  flow_run_id: string | null;
  state_type: string;
  state_name: string;
  tags: Value;
  task_inputs: Value;
  task_key: string;
  dynamic_key: string;
  run_count: number;
  flow_run_run_count: number;
  expected_start_time: string;
  start_time: string;
  end_time: string;
}

interface TaskRunEvent {
  occurred: string;
  event: string;
  resource: Record<string, string>;
  related: Record<string, string>[];
  payload: { task_run: Record<string, Value>; validated_state: Record<string, string> };
}

const PREFIX = "prefect.task-run.";

const isTaskRunEvent = (line: Line): line is Frame =>
  line.kind === "frame" && line.event === ">" && String((line.frame as Record<string, Value>).event).startsWith(PREFIX);

/** The last event by `occurred` of each task run, in the order of the first ones. */
export function recordedTaskRuns(lines: readonly Line[]): RecordedTaskRun[] {
  const last = new Map<string, TaskRunEvent>();
  for (const line of lines) {
    if (!isTaskRunEvent(line)) continue;
    const event = line.frame as unknown as TaskRunEvent;
    const id = (event.resource["prefect.resource.id"] as string).slice(PREFIX.length);
    const known = last.get(id);
    if (known === undefined || known.occurred < event.occurred) last.set(id, event);
  }
  return [...last].map(([id, { payload, related }]) => {
    const run = payload.task_run;
    const parent = related.find((one) => one["prefect.resource.role"] === "flow-run");
    return {
      id,
      name: run.name as string,
      flow_run_id: parent?.["prefect.resource.id"]?.replace("prefect.flow-run.", "") ?? null,
      state_type: payload.validated_state.type as string,
      state_name: payload.validated_state.name as string,
      tags: run.tags as Value,
      task_inputs: run.task_inputs as Value,
      task_key: run.task_key as string,
      dynamic_key: run.dynamic_key as string,
      run_count: run.run_count as number,
      flow_run_run_count: run.flow_run_run_count as number,
      expected_start_time: run.expected_start_time as string,
      start_time: run.start_time as string,
      end_time: run.end_time as string,
    };
  });
}
