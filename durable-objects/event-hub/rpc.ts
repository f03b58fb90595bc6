/** What others may ask of a workspace's EventHub. */
import type { WireEvent } from "@millrace/contract/events.ts";

/** A row of the index of flow runs, in the order of its columns (migrations/shard/schema.ts). */
export interface FlowRunRow {
  id: string;
  version: number;
  flow_id: string;
  deployment_id: string | null;
  work_pool_id: string | null;
  work_pool_name: string | null;
  work_queue_id: string | null;
  work_queue_name: string | null;
  parent_task_run_id: string | null;
  parent_flow_run_id: string | null;
  name: string;
  tags: string[];
  flow_version: string | null;
  idempotency_key: string | null;
  created_by: string | null;
  state_type: string | null;
  state_name: string | null;
  expected_start_time: number | null;
  next_scheduled_start_time: number | null;
  start_time: number | null;
  end_time: number | null;
  created: number;
  updated: number;
  body: string;
}

/** Task runs of one flow run that reach the index together. */
export interface TaskRunsRow {
  flow_run_id: string;
  told: number;
  ids: string[];
  /** JSON list of task runs as the wire shows them. */
  body: string;
}

/** What a flow run's object tells: its row, its ended task runs, its events. Telling it twice is telling it once. */
export interface Announcement {
  run?: FlowRunRow;
  /** A run that was deleted. */
  removed?: string;
  taskRuns?: TaskRunsRow;
  /** Task runs that live, so that one can be found by its id before it reaches the index. */
  located?: { flowRun: string; taskRuns: string[] };
  events: WireEvent[];
}

export interface EventHubRpc {
  /**
   * Sends the events on to subscribers at once, and resolves when index and events are stored. `urgent`: now; otherwise with the
   * next urgent one, or within a second and a half.
   */
  announce(tenant: { workspace: string; shard: number }, announcement: Announcement, urgent: boolean): Promise<void>;
  /** Stores what waits, so that a list made after this call shows all that was announced before it. */
  settle(): Promise<void>;
  /** The flow run of a task run that lives or ended lately; null where this object does not remember. */
  locate(taskRun: string): Promise<string | null>;
}
